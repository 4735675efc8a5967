//! The two tables all evidence starts from: seeds in rows, documents in columns.

use super::Error;

/// How often each document was decided rightly: seeds x documents, each value a fraction in 0..=1.
///
/// A value is the mean of 0/1 correctness over the files of one training run (its last epochs), or 0/1 for one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Correctness(Table);

/// Differences between two [`Correctness`] tables, or between two such differences: seeds x documents, fractions.
#[derive(Clone, Debug, PartialEq)]
pub struct Gains(Table);

/// Row-major values, one row a seed.
#[derive(Clone, Debug, PartialEq)]
struct Table {
    documents: usize,
    values: Vec<f32>,
}

impl Correctness {
    /// Takes one row of correctness a seed; all rows name the same documents in the same order.
    ///
    /// # Errors
    ///
    /// [`Error::NoSeeds`], [`Error::TooFewDocuments`], [`Error::Shape`] if the rows differ in length, and
    /// [`Error::NotAFraction`] for a value outside 0..=1 or NaN.
    pub fn new<R: AsRef<[f32]>>(rows: &[R]) -> Result<Self, Error> {
        let table = Table::new(rows)?;
        match table.values.iter().position(|value| !(0.0..=1.0).contains(value)) {
            None => Ok(Self(table)),
            Some(index) => Err(Error::NotAFraction {
                seed: index / table.documents,
                document: index % table.documents,
                value: table.values[index],
            }),
        }
    }

    /// Number of seeds.
    #[must_use]
    pub fn seeds(&self) -> usize {
        self.0.seeds()
    }

    /// Number of documents.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.0.documents
    }

    /// Correctness of every document, one slice a seed.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.0.rows()
    }
}

impl Gains {
    /// Takes one row of differences a seed; all rows name the same documents in the same order.
    ///
    /// # Errors
    ///
    /// [`Error::NoSeeds`], [`Error::TooFewDocuments`], [`Error::Shape`] if the rows differ in length, and
    /// [`Error::NotFinite`].
    pub fn new<R: AsRef<[f32]>>(rows: &[R]) -> Result<Self, Error> {
        let table = Table::new(rows)?;
        match table.values.iter().position(|value| !value.is_finite()) {
            None => Ok(Self(table)),
            Some(index) => Err(Error::NotFinite { index }),
        }
    }

    /// Gain of a technique: its correctness minus the baseline's, paired by seed and document.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] if the two differ in seeds or documents.
    pub fn between(technique: &Correctness, baseline: &Correctness) -> Result<Self, Error> {
        technique.0.minus(&baseline.0).map(Self)
    }

    /// Shift of a gain by deployment: the deployed gain minus the float gain, paired by seed and document.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] if the two differ in seeds or documents.
    pub fn shift(deployed: &Self, float: &Self) -> Result<Self, Error> {
        deployed.0.minus(&float.0).map(Self)
    }

    /// The row of one seed as a table of its own, for evidence within that seed; `None` beyond the last.
    #[must_use]
    pub fn of_seed(&self, seed: usize) -> Option<Self> {
        let row = self.rows().nth(seed)?;
        Some(Self(Table { documents: row.len(), values: row.to_vec() }))
    }

    /// Number of seeds.
    #[must_use]
    pub fn seeds(&self) -> usize {
        self.0.seeds()
    }

    /// Number of documents.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.0.documents
    }

    /// Differences of every document, one slice a seed.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.0.rows()
    }

    /// Fails unless `other` has as many seeds and documents.
    pub(super) fn same_shape(&self, other: &Self) -> Result<(), Error> {
        self.0.same_shape(&other.0)
    }
}

impl Table {
    fn new<R: AsRef<[f32]>>(rows: &[R]) -> Result<Self, Error> {
        let documents = rows.first().ok_or(Error::NoSeeds)?.as_ref().len();
        if documents < 2 {
            return Err(Error::TooFewDocuments(documents));
        }
        if let Some(row) = rows.iter().find(|row| row.as_ref().len() != documents) {
            return Err(Error::Shape { what: "documents", expected: documents, got: row.as_ref().len() });
        }
        let values = rows.iter().flat_map(|row| row.as_ref().iter().copied()).collect();
        Ok(Self { documents, values })
    }

    fn seeds(&self) -> usize {
        self.values.len() / self.documents
    }

    fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.documents)
    }

    fn minus(&self, other: &Self) -> Result<Self, Error> {
        self.same_shape(other)?;
        let values = self.values.iter().zip(&other.values).map(|(a, b)| a - b).collect();
        Ok(Self { documents: self.documents, values })
    }

    fn same_shape(&self, other: &Self) -> Result<(), Error> {
        for (what, expected, got) in
            [("documents", self.documents, other.documents), ("seeds", self.seeds(), other.seeds())]
        {
            if expected != got {
                return Err(Error::Shape { what, expected, got });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_refuse_what_is_no_table() {
        assert_eq!(Correctness::new::<[f32; 2]>(&[]), Err(Error::NoSeeds));
        assert_eq!(Correctness::new(&[[1.0]]), Err(Error::TooFewDocuments(1)));
        assert_eq!(
            Correctness::new(&[vec![1.0, 0.0], vec![1.0]]),
            Err(Error::Shape { what: "documents", expected: 2, got: 1 })
        );
        assert_eq!(
            Correctness::new(&[[0.0, 1.0, 0.4], [1.0, 1.2, 0.0]]),
            Err(Error::NotAFraction { seed: 1, document: 1, value: 1.2 })
        );
        assert!(Correctness::new(&[[f32::NAN, 1.0]]).is_err());
        assert_eq!(Gains::new(&[[0.0, f32::INFINITY]]), Err(Error::NotFinite { index: 1 }));
    }

    #[test]
    fn differences_pair_seeds_and_documents() {
        let baseline = Correctness::new(&[[0.0, 1.0, 0.5], [1.0, 1.0, 0.0]]).unwrap();
        let technique = Correctness::new(&[[1.0, 1.0, 0.25], [1.0, 0.0, 0.0]]).unwrap();
        assert_eq!((baseline.seeds(), baseline.documents()), (2, 3));
        assert_eq!(baseline.rows().collect::<Vec<_>>(), [[0.0, 1.0, 0.5], [1.0, 1.0, 0.0]]);
        let gains = Gains::between(&technique, &baseline).unwrap();
        assert_eq!(gains.rows().collect::<Vec<_>>(), [[1.0, 0.0, -0.25], [0.0, -1.0, 0.0]]);
        assert_eq!((gains.seeds(), gains.documents()), (2, 3));
        assert_eq!(Gains::shift(&gains, &gains), Gains::new(&[[0.0; 3]; 2]));
        assert_eq!(gains.of_seed(1), Gains::new(&[[0.0, -1.0, 0.0]]).ok());
        assert_eq!(gains.of_seed(2), None);

        let fewer_seeds = Correctness::new(&[[0.0, 1.0, 0.5]]).unwrap();
        assert_eq!(Gains::between(&fewer_seeds, &baseline), Err(Error::Shape { what: "seeds", expected: 1, got: 2 }));
        let fewer_documents = Correctness::new(&[[0.0, 1.0], [1.0, 1.0]]).unwrap();
        assert_eq!(
            Gains::between(&technique, &fewer_documents),
            Err(Error::Shape { what: "documents", expected: 3, got: 2 })
        );
    }
}
