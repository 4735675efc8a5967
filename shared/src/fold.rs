//! What tokeniser 2 does to a text before it is split as ever: letters beyond ASCII are lower-cased, and punctuation
//! beyond ASCII becomes a space.
//!
//! Of UTF-8 it knows what it needs: letters of two bytes (Latin, Greek, Cyrillic), of which each has its lower-case form in
//! as many, and the punctuation of Latin-1, of general use and of Chinese, Japanese and Korean. All else passes through, and
//! so do bytes that are not UTF-8. At most two bytes are held back between two pieces of a text.

/// Bytes are handed on in pieces of up to this many: few enough to be cleared without a call.
const PIECE: usize = 12;

/// A fold of a byte stream, in pieces of any size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fold {
    /// The first one or two bytes of a character of two or three, the first the highest; or 0.
    held: u16,
}

/// The bytes that come of a piece.
struct Out<F> {
    bytes: [u8; PIECE],
    len: usize,
    full: F,
}

impl<F: FnMut(&[u8])> Out<F> {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
        if self.len == PIECE {
            self.flush();
        }
    }

    /// The bytes of a character, or the first of them: up to three.
    fn character(&mut self, bytes: u32) {
        for shift in [16, 8] {
            if bytes >> shift != 0 {
                self.push((bytes >> shift) as u8);
            }
        }
        self.push(bytes as u8);
    }

    fn flush(&mut self) {
        (self.full)(self.bytes.get(..self.len).unwrap_or_default());
        self.len = 0;
    }
}

impl Fold {
    /// Folds the next bytes of the text and hands on what comes of them, bit by bit.
    pub(crate) fn feed(&mut self, bytes: &[u8], on: impl FnMut(&[u8])) {
        let mut out = Out { bytes: [0; PIECE], len: 0, full: on };
        for &byte in bytes {
            if let Some(bytes) = self.byte(byte, &mut out) {
                out.character(bytes);
            }
        }
        out.flush();
    }

    /// Hands on what is held back at the end of the text. Ready for the next one.
    pub(crate) fn finish(&mut self, mut on: impl FnMut(&[u8])) {
        let bytes = self.held.to_be_bytes();
        let start = usize::from(self.held < 0x100) + usize::from(self.held == 0);
        on(bytes.get(start..).unwrap_or_default());
        *self = Self::default();
    }

    /// What comes of a byte and those that are held back; before it, those that are no character after all.
    fn byte<F: FnMut(&[u8])>(&mut self, byte: u8, out: &mut Out<F>) -> Option<u32> {
        let held = u32::from(core::mem::take(&mut self.held));
        let bytes = held << 8 | u32::from(byte);
        if held != 0 {
            if matches!(byte, 0x80..=0xbf) {
                match held {
                    0..0xe0 => return Some(letter(((held & 0x1f) << 6 | bytes & 0x3f) as u16)),
                    0xe0..0x100 => self.held = bytes as u16,
                    _ => return Some(punctuation(bytes)),
                }
                return None;
            }
            out.character(held);
        }
        if matches!(byte, 0xc2..=0xef) {
            self.held = byte.into();
            return None;
        }
        Some(byte.into())
    }
}

/// What a character of three bytes becomes, if anything else: an apostrophe for the one that typesetters use (U+2019), a space
/// for all other characters of U+2000 to U+206F (General Punctuation) but the two joiners, which stand within words, for
/// U+3000 to U+303F (CJK Symbols and Punctuation) but the iteration mark and the closing mark, and for U+FEFF.
const fn punctuation(bytes: u32) -> u32 {
    match (bytes >> 4 & 0xf000 | bytes >> 2 & 0xfc0 | bytes & 0x3f) as u16 {
        0x2019 => b'\'' as u32,
        0x200c | 0x200d | 0x3005 | 0x3006 => bytes,
        0x2000..=0x206f | 0x3000..=0x303f | 0xfeff => b' ' as u32,
        _ => bytes,
    }
}

/// What a character of two bytes becomes: its simple lower-case mapping (Unicode, `UnicodeData.txt`) in the blocks Latin-1,
/// Latin Extended-A, Greek and Cyrillic, final sigma as sigma, as its bytes; a space for the controls, the punctuation and the signs of
/// Latin-1.
fn letter(c: u16) -> u32 {
    let folded = match c {
        0xaa | 0xb5 | 0xba => c,
        0x80..=0xbf | 0xd7 | 0xf7 => 0x20,
        _ => c.wrapping_add_signed(CAPITALS.iter().find_map(|range| range.distance(c)).unwrap_or(0)),
    };
    if folded < 0x80 { folded.into() } else { 0xc080 | (u32::from(folded) & 0x7c0) << 2 | u32::from(folded) & 0x3f }
}

/// Capitals that have their small letters at the same distance.
struct Capitals {
    first: u16,
    span: u8,
    distance: i8,
}

impl Capitals {
    /// From `c` to its small letter, if it is one of them. Where that is the next one, capitals and small letters alternate.
    fn distance(&self, c: u16) -> Option<i16> {
        let at = c.wrapping_sub(self.first);
        (at <= self.span.into() && (self.distance != 1 || at.is_multiple_of(2))).then_some(self.distance.into())
    }
}

const fn capitals(first: u16, last: u16, distance: i8) -> Capitals {
    Capitals { first, span: (last - first) as u8, distance }
}

/// Dotted and dotless i have no partner in two bytes; kra, n with an apostrophe and the long s have none at all.
static CAPITALS: [Capitals; 21] = [
    capitals(0xc0, 0xde, 0x20),
    capitals(0x100, 0x12e, 1),
    capitals(0x132, 0x136, 1),
    capitals(0x139, 0x147, 1),
    capitals(0x14a, 0x176, 1),
    capitals(0x178, 0x178, -0x79),
    capitals(0x179, 0x17d, 1),
    capitals(0x386, 0x386, 0x26),
    capitals(0x388, 0x38a, 0x25),
    capitals(0x38c, 0x38c, 0x40),
    capitals(0x38e, 0x38f, 0x3f),
    capitals(0x391, 0x3a1, 0x20),
    capitals(0x3a3, 0x3ab, 0x20),
    // The final sigma.
    capitals(0x3c2, 0x3c2, 1),
    capitals(0x400, 0x40f, 0x50),
    capitals(0x410, 0x42f, 0x20),
    capitals(0x460, 0x480, 1),
    capitals(0x48a, 0x4be, 1),
    capitals(0x4c0, 0x4c0, 0xf),
    capitals(0x4c1, 0x4cd, 1),
    capitals(0x4d0, 0x52e, 1),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use std::{string::String, vec::Vec};

    fn folded(text: &[u8], cuts: &[usize]) -> Vec<u8> {
        let (mut fold, mut all, mut rest) = (Fold::default(), Vec::new(), text);
        for cut in cuts {
            let (piece, tail) = rest.split_at(cut % (rest.len() + 1));
            fold.feed(piece, |bytes| all.extend_from_slice(bytes));
            rest = tail;
        }
        fold.feed(rest, |bytes| all.extend_from_slice(bytes));
        fold.finish(|bytes| all.extend_from_slice(bytes));
        assert_eq!(fold, Fold::default());
        all
    }

    /// The rule by the standard library's tables, a character at a time.
    fn reference(c: char) -> char {
        match c {
            '\u{2019}' => '\'',
            '\u{200c}' | '\u{200d}' | '\u{3005}' | '\u{3006}' | '\u{aa}' | '\u{b5}' | '\u{ba}' | '\u{130}' => c,
            '\u{80}'..='\u{bf}'
            | '\u{d7}'
            | '\u{f7}'
            | '\u{2000}'..='\u{206f}'
            | '\u{3000}'..='\u{303f}'
            | '\u{feff}' => ' ',
            '\u{3c2}' => '\u{3c3}',
            '\u{c0}'..='\u{17f}' | '\u{380}'..='\u{3ce}' | '\u{400}'..='\u{52f}' => {
                c.to_lowercase().next().unwrap_or(c)
            }
            _ => c,
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "a million characters take an interpreter hours")]
    fn every_character_is_folded_as_the_tables_of_unicode_have_it() {
        for c in '\0'..=char::MAX {
            let mut bytes = [0; 4];
            let expected: String = [reference(c)].iter().collect();
            assert_eq!(folded(c.encode_utf8(&mut bytes).as_bytes(), &[]), expected.as_bytes(), "{:04x}", c as u32);
        }
    }

    #[test]
    fn words_of_many_tongues_lose_their_case_and_their_quotation_marks() {
        for (text, expected) in [
            ("«ÉCOLE» L\u{2019}Été—à", " école  l'été à"),
            ("ΟΔΟΣ ΆΈΉΊΌΎΏ", "οδοσ άέήίόύώ"),
            ("ЁЖИК, Їжак", "ёжик, їжак"),
            ("ŻÓŁĆ ŠŽ Ÿ", "żółć šž ÿ"),
            ("\u{3000}日々。", " 日々 "),
        ] {
            // ASCII is left to what comes after.
            let found: String = String::from_utf8(folded(text.as_bytes(), &[])).unwrap().to_ascii_lowercase();
            assert_eq!(found, expected);
        }
    }

    proptest! {
        #[test]
        fn any_pieces_give_the_same(
            text in prop_oneof![
                vec(any::<u8>(), 0..200),
                vec(prop_oneof![Just(0xe2u8), Just(0x80), Just(0x99), Just(0xc3), Just(0x89), Just(b'a')], 0..100),
                "[a«É\u{2019}Ж\u{3000}\u{1f34e} ]{0,60}".prop_map(String::into_bytes),
            ],
            cuts in vec(any::<usize>(), 0..8),
        ) {
            let whole = folded(&text, &[]);
            prop_assert_eq!(folded(&text, &cuts), &whole[..]);
            if let Ok(text) = core::str::from_utf8(&text) {
                let expected: String = text.chars().map(reference).collect();
                prop_assert_eq!(whole, expected.as_bytes());
            }
        }

        #[test]
        fn what_is_not_utf_8_is_left_alone(bytes in vec(prop_oneof![Just(0xffu8), Just(0xc3), Just(0xe2), Just(0x41)], 0..60)) {
            prop_assert_eq!(folded(&bytes, &[]), bytes);
        }
    }
}
