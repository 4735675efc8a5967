//! One row.

/// The fields of a row, each in its column: of a table all of them, of an object those that it has.
#[derive(Debug, Default)]
pub(in crate::data::own) struct Record {
    bytes: Vec<u8>,
    /// Where each field ends in the bytes.
    ends: Vec<usize>,
    /// The column of each field, ascending.
    columns: Vec<usize>,
    width: usize,
}

impl Record {
    /// Makes it a row of so many columns, without a field.
    pub(super) fn reset(&mut self, width: usize) {
        self.bytes.clear();
        self.ends.clear();
        self.columns.clear();
        self.width = width;
    }

    /// Appends the field of a column after all those that have one.
    pub(super) fn push(&mut self, column: usize, field: &[u8]) {
        debug_assert!(column < self.width && self.columns.last().is_none_or(|last| *last < column));
        self.bytes.extend_from_slice(field);
        self.ends.push(self.bytes.len());
        self.columns.push(column);
    }

    /// How many columns the row has.
    pub(in crate::data::own) fn width(&self) -> usize {
        self.width
    }

    /// The field of a column; an empty one where there is none.
    pub(in crate::data::own) fn get(&self, column: usize) -> &[u8] {
        // Where every column up to it has a field, which is so in tables, its place is its number.
        let place = match self.columns.get(column) {
            Some(found) if *found == column => Ok(column),
            _ => self.columns.binary_search(&column),
        };
        place.map_or(&[], |place| self.field(place))
    }

    /// The fields that are there, each with its column.
    pub(in crate::data::own) fn iter(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.columns.iter().enumerate().map(|(place, &column)| (column, self.field(place)))
    }

    fn field(&self, place: usize) -> &[u8] {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[place]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_column() {
        let mut record = Record::default();
        for columns in [&[][..], &[0, 1, 2, 3], &[0, 1, 3], &[2], &[1, 3]] {
            record.reset(4);
            for &column in columns {
                record.push(column, column.to_string().as_bytes());
            }
            for column in 0..5 {
                let expected = if columns.contains(&column) { column.to_string() } else { String::new() };
                assert_eq!(record.get(column), expected.as_bytes(), "{column} of {columns:?}");
            }
            assert!(record.iter().map(|(column, _)| column).eq(columns.iter().copied()));
        }
    }
}
