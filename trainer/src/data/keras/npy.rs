//! The `.npy` format: a header that says what array follows, and labels stored as integers.

use super::member::{Fault, Member, refuse};
use std::io::Read;

/// The first bytes of every `.npy` file.
const MAGIC: [u8; 6] = *b"\x93NUMPY";
/// `NumPy` itself reads no header longer than this.
const LONGEST_HEADER: u32 = 10_000;
/// No array has more entries than this.
pub(super) const LONGEST_ARRAY: usize = 1 << 20;

/// What a `.npy` file says of its array.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The type of the entries: `<i8`, `|O`.
    pub(super) descr: String,
    /// The length of the array, which has one dimension.
    pub(super) length: usize,
}

impl Header {
    /// Reads the header, and leaves the member where the array starts.
    pub(super) fn read<R: Read>(member: &mut Member<R>) -> Result<Self, Fault> {
        if member.array()? != MAGIC {
            return refuse(0, "not a NumPy array: it does not start with \\x93NUMPY");
        }
        let length = match member.array()? {
            [1, _] => u16::from_le_bytes(member.array()?).into(),
            [2 | 3, _] => u32::from_le_bytes(member.array()?),
            [major, minor] => return refuse(6, format!("version {major}.{minor} of the format")),
        };
        let start = member.offset();
        if length > LONGEST_HEADER {
            return refuse(start, format!("a header of {length} bytes"));
        }
        let mut text = vec![0; length as usize];
        member.fill(&mut text)?;
        let text = String::from_utf8_lossy(&text);
        let Some((descr, shape)) = Dictionary(&text).entries() else {
            return refuse(start, format!("the header cannot be understood: {}", text.trim_end()));
        };
        match *shape {
            [length] if length <= LONGEST_ARRAY => Ok(Self { descr, length }),
            [length] => refuse(start, format!("an array of {length} entries, more than {LONGEST_ARRAY}")),
            _ => refuse(start, format!("an array of {} dimensions, of type {descr}, not 1", shape.len())),
        }
    }
}

/// What is left to read of a Python dictionary of the three entries that `NumPy` writes.
struct Dictionary<'a>(&'a str);

impl Dictionary<'_> {
    /// The type and the shape.
    fn entries(mut self) -> Option<(String, Vec<usize>)> {
        let (mut descr, mut order, mut shape) = (None, None, None);
        self.skip("{")?;
        while self.skip("}").is_none() {
            let key = self.quoted()?;
            self.skip(":")?;
            match key.as_str() {
                "descr" if descr.is_none() => descr = Some(self.quoted()?),
                "shape" if shape.is_none() => shape = Some(self.shape()?),
                // Of no meaning where there is one dimension.
                "fortran_order" if order.is_none() => order = Some(self.skip("True").or_else(|| self.skip("False"))?),
                _ => return None,
            }
            if self.skip(",").is_none() {
                self.skip("}")?;
                break;
            }
        }
        order?;
        self.0.trim().is_empty().then_some((descr?, shape?))
    }

    fn skip(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(token)?;
        Some(())
    }

    fn quoted(&mut self) -> Option<String> {
        self.skip("'")?;
        let (text, rest) = self.0.split_once('\'')?;
        self.0 = rest;
        Some(text.to_owned())
    }

    fn shape(&mut self) -> Option<Vec<usize>> {
        self.skip("(")?;
        let (inside, rest) = self.0.split_once(')')?;
        self.0 = rest;
        let inside = inside.trim();
        let inside = inside.strip_suffix(',').unwrap_or(inside);
        let items = inside.split(',').filter(|_| !inside.is_empty());
        items.map(|item| item.trim().trim_end_matches('L').parse().ok()).collect()
    }
}

/// Reads labels 0 and 1, stored as integers or booleans of any width and byte order.
pub(super) fn labels<R: Read>(header: &Header, member: &mut Member<R>) -> Result<Vec<u16>, Fault> {
    let at = member.offset();
    let Some((big_endian, width)) = integer(&header.descr) else {
        let problem = format!("entries of type {}, where labels are integers", header.descr);
        return refuse(at, problem);
    };
    let mut labels = Vec::with_capacity(header.length);
    let mut bytes = [0; 8];
    for i in 0..header.length {
        let at = member.offset();
        member.fill(&mut bytes[..width])?;
        if big_endian {
            bytes[..width].reverse();
        }
        match u64::from_le_bytes(bytes) {
            label @ (0 | 1) => labels.push(label as u16),
            _ => return refuse(at, format!("the label of document {i} is neither 0 nor 1")),
        }
    }
    Ok(labels)
}

/// Whether a type is big-endian and how many bytes it takes, if it is an integer or a boolean.
fn integer(descr: &str) -> Option<(bool, usize)> {
    let [order @ (b'<' | b'>' | b'|'), b'i' | b'u' | b'b', width @ (b'1' | b'2' | b'4' | b'8')] = descr.as_bytes()
    else {
        return None;
    };
    Some((*order == b'>', usize::from(width - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `.npy` file of version 1.0.
    fn npy(header: &str, array: &[u8]) -> Vec<u8> {
        [&MAGIC[..], &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), array].concat()
    }

    fn read(bytes: &[u8]) -> Result<Vec<u16>, String> {
        let mut member = Member::new(bytes);
        let labels = Header::read(&mut member).and_then(|header| labels(&header, &mut member));
        labels.and_then(|labels| member.finish().map(|()| labels)).map_err(|fault| match fault {
            Fault::Read(source) => source.to_string(),
            Fault::Refused { offset, problem } => format!("{offset}: {problem}"),
        })
    }

    #[test]
    fn labels_of_every_width_and_order_are_read() {
        let header = |descr: &str| format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (2,), }}   \n");
        for (descr, array) in [
            ("<i8", &[0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0][..]),
            (">i8", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            ("<u2", &[0, 0, 1, 0]),
            (">i4", &[0, 0, 0, 0, 0, 0, 0, 1]),
            ("|b1", &[0, 1]),
        ] {
            assert_eq!(read(&npy(&header(descr), array)), Ok(vec![0, 1]), "{descr}");
            assert!(read(&npy(&header(descr), &array[..array.len() - 1])).unwrap_err().contains("fill"), "{descr}");
            assert!(read(&npy(&header(descr), &[array, &[0]].concat())).unwrap_err().contains("more bytes"));
        }
        assert_eq!(
            read(&npy(&header("<i2"), &[1, 0, 2, 0])).unwrap_err(),
            "73: the label of document 1 is neither 0 nor 1"
        );
        assert!(read(&npy(&header("<i2"), &[1, 0, 0xff, 0xff])).unwrap_err().contains("neither"));
        assert!(read(&npy(&header("<f4"), &[0; 8])).unwrap_err().contains("type <f4, where labels are integers"));
        assert!(read(&npy(&header("|O"), &[0; 8])).unwrap_err().contains("type |O"));
    }

    #[test]
    fn headers_of_any_order_and_version_are_read() {
        let text = "{ 'shape':(3,),'fortran_order':True ,'descr':'|O'}";
        let expected = Header { descr: "|O".into(), length: 3 };
        assert_eq!(Header::read(&mut Member::new(&npy(text, b"")[..])).unwrap(), expected);
        let length = (text.len() as u32).to_le_bytes();
        let version_2 = [&MAGIC[..], &[2, 0], &length, text.as_bytes()].concat();
        assert_eq!(Header::read(&mut Member::new(&version_2[..])).unwrap(), expected);
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let refused = |bytes: &[u8], expected: &str| {
            let message = read(bytes).unwrap_err();
            assert!(message.contains(expected), "{message}");
        };
        refused(b"\x93NUMP", "fill");
        refused(b"PK\x03\x04....", "does not start with");
        refused(b"\x93NUMPY\x04\x00", "version 4.0");
        refused(b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "a header of 4294967295 bytes");
        let shape = |shape: &str| npy(&format!("{{'descr': '<i8', 'fortran_order': False, 'shape': {shape}, }}"), b"");
        refused(&shape("(3, 4)"), "an array of 2 dimensions, of type <i8");
        refused(&shape("()"), "an array of 0 dimensions");
        refused(&shape("(1048577,)"), "an array of 1048577 entries");
        for text in [
            "",
            "{}",
            "{'descr': '<i8', 'fortran_order': False}",
            "{'descr': '<i8', 'shape': (3,), }",
            "{'descr': '<i8', 'fortran_order': 0, 'shape': (3,), }",
            "{'descr': [('a', '<i8')], 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<i8', 'fortran_order': False, 'shape': (-3,), }",
            "{'descr': '<i8', 'fortran_order': False, 'shape': (99999999999999999999,), }",
            "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), 'shape': (3,), }",
            "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), } import os",
            "{'descr': '<i8' 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<i8",
        ] {
            refused(&npy(text, b""), "cannot be understood");
        }
    }
}
