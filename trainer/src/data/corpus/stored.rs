//! A corpus as bytes, for the cache.

use super::{Corpus, Numbers};

impl Corpus {
    /// Appends the corpus to `bytes`: the numbers of documents and of entries (u64 each), whether there is a start row
    /// (u8), the offsets (u32), the rows (u16) and the labels (u16), the number of features (u64, 0 for words), and if there
    /// are some the raw numbers and the inputs (f32); all numbers little-endian.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.reserve(17 + 4 * self.offsets.len() + 2 * (self.rows.len() + self.labels.len()));
        bytes.extend_from_slice(&(self.labels.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&(self.rows.len() as u64).to_le_bytes());
        bytes.push(self.start.into());
        bytes.extend(self.offsets.iter().flat_map(|offset| offset.to_le_bytes()));
        bytes.extend(self.rows.iter().flat_map(|row| row.to_le_bytes()));
        bytes.extend(self.labels.iter().flat_map(|label| label.to_le_bytes()));
        bytes.extend_from_slice(&(self.features().unwrap_or(0) as u64).to_le_bytes());
        for value in self.numbers.iter().flat_map(|numbers| numbers.raw.iter().chain(&numbers.inputs)) {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// Takes a corpus from the front of `bytes`, of documents with rows below `rows` and labels below `classes`.
    ///
    /// `None` if there is none: whatever the bytes are, what comes back is a corpus.
    pub(crate) fn decode(bytes: &mut &[u8], rows: usize, classes: usize) -> Option<Self> {
        let mut number = || bytes.split_off(..8).map(|field| u64::from_le_bytes(field.try_into().expect("8 bytes")));
        let documents = usize::try_from(number()?).ok()?;
        let entries = usize::try_from(number()?).ok()?;
        let start = match bytes.split_off_first()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let offsets = bytes.split_off(..documents.checked_add(1)?.checked_mul(4)?)?;
        let offsets = offsets.chunks_exact(4).map(|field| u32::from_le_bytes(field.try_into().expect("4 bytes")));
        let mut corpus = Self {
            offsets: offsets.collect(),
            rows: numbers(bytes.split_off(..entries.checked_mul(2)?)?),
            labels: numbers(bytes.split_off(..documents.checked_mul(2)?)?),
            start,
            numbers: None,
        };
        let features = bytes.split_off(..8).map(|field| u64::from_le_bytes(field.try_into().expect("8 bytes")))?;
        let features = usize::try_from(features).ok()?;
        if features > 0 {
            let values = documents.checked_mul(features)?.checked_mul(4)?;
            let (raw, inputs) = (floats(bytes.split_off(..values)?), floats(bytes.split_off(..values)?));
            corpus.numbers = Some(Numbers { features, raw, inputs });
            let sound =
                entries == 0 && corpus.offsets.iter().all(|offset| *offset == 0) && corpus.labels_below(classes);
            return (sound && features == rows).then_some(corpus);
        }
        corpus.is_sound(rows, classes).then_some(corpus)
    }

    fn labels_below(&self, classes: usize) -> bool {
        self.labels.iter().all(|label| usize::from(*label) < classes)
    }

    /// Whether every document is in place and in order, and no number is out of range.
    fn is_sound(&self, rows: usize, classes: usize) -> bool {
        self.offsets.first() == Some(&0)
            && self.offsets.last().is_some_and(|end| *end as usize == self.rows.len())
            && self.offsets.is_sorted()
            && self.labels_below(classes)
            && (0..self.len()).all(|i| {
                let last = self.rows(i).last().map(|row| usize::from(*row) + 1);
                self.rows(i).is_sorted_by(|a, b| a < b)
                    && last.is_none_or(|end| end <= rows)
                    && (!self.start || last == Some(rows))
            })
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)).collect()
}

fn numbers(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|field| u16::from_le_bytes(field.try_into().expect("2 bytes"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROWS: usize = 9;

    fn corpus(documents: &[Vec<u16>], start: bool) -> Corpus {
        let mut corpus = Corpus { offsets: vec![0], rows: Vec::new(), labels: Vec::new(), start, numbers: None };
        for rows in documents {
            corpus.rows.extend(rows);
            corpus.rows.extend(start.then_some(ROWS as u16 - 1));
            corpus.offsets.push(corpus.rows.len() as u32);
            corpus.labels.push(corpus.labels.len() as u16 % 2);
        }
        corpus
    }

    fn encoded(corpus: &Corpus) -> Vec<u8> {
        let mut bytes = Vec::new();
        corpus.encode(&mut bytes);
        bytes
    }

    fn documents() -> impl Strategy<Value = Vec<Vec<u16>>> {
        let rows = proptest::collection::btree_set(0..ROWS as u16 - 1, 0..6);
        proptest::collection::vec(rows.prop_map(|rows| rows.into_iter().collect()), 0..6)
    }

    proptest! {
        #[test]
        fn a_corpus_comes_back_with_what_follows_it(documents in documents(), start: bool) {
            let corpus = corpus(&documents, start);
            let mut bytes = encoded(&corpus);
            bytes.extend_from_slice(b"more");
            let mut bytes = bytes.as_slice();
            prop_assert_eq!(Corpus::decode(&mut bytes, ROWS, 2), Some(corpus));
            prop_assert_eq!(bytes, b"more");
        }

        #[test]
        fn bytes_that_are_no_corpus_are_refused_or_make_a_sound_one(
            documents in documents(), start: bool, at: prop::sample::Index, byte: u8,
        ) {
            let mut bytes = encoded(&corpus(&documents, start));
            let at = at.index(bytes.len());
            prop_assert_eq!(Corpus::decode(&mut &bytes[..at], ROWS, 2), None);
            bytes[at] = byte;
            if let Some(corpus) = Corpus::decode(&mut bytes.as_slice(), ROWS, 2) {
                for i in 0..corpus.len() {
                    prop_assert!(corpus.rows_of_file(i).len() <= corpus.rows(i).len());
                    prop_assert!(corpus.rows(i).is_sorted() && corpus.label(i) < 2);
                    prop_assert!(corpus.rows(i).iter().all(|row| usize::from(*row) < ROWS));
                }
            }
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let sound = corpus(&[vec![1, 2], vec![], vec![0, 7]], true);
        let refused = |change: fn(&mut Corpus)| {
            let mut corpus = sound.clone();
            change(&mut corpus);
            Corpus::decode(&mut encoded(&corpus).as_slice(), ROWS, 2).is_none()
        };
        assert!(!refused(|_| ()));
        assert!(refused(|corpus| corpus.labels[1] = 2));
        assert!(refused(|corpus| corpus.rows[0] = 2), "a row twice");
        assert!(refused(|corpus| corpus.rows[6] = 9), "a row too many");
        assert!(refused(|corpus| corpus.rows[3] = 7), "no start row");
        assert!(refused(|corpus| corpus.offsets[1] = 5), "an end before its start");
        assert!(refused(|corpus| corpus.offsets[0] = 1));
        assert!(refused(|corpus| corpus.offsets[3] = 6));
    }
}
