//! What tokeniser 2 does to a text before it is split as ever: letters beyond ASCII are lower-cased, and punctuation
//! beyond ASCII becomes a space.
//!
//! Of UTF-8 it knows what it needs: letters of two bytes (Latin, Greek, Cyrillic), of which each has its lower-case form in
//! as many, and the punctuation of Latin-1, of general use and of Chinese, Japanese and Korean. All else passes through, and
//! so do bytes that are not UTF-8. At most two bytes are held back between two pieces of a text.

/// Bytes are handed on in pieces of up to this many: few enough to be cleared without a call.
const PIECE: usize = 16;

/// A fold of a byte stream, in pieces of any size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fold {
    /// The first bytes of a character that may be folded.
    held: [u8; 2],
    len: u8,
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
            self.byte(byte, &mut out);
        }
        out.flush();
    }

    /// Hands on what is held back at the end of the text. Ready for the next one.
    pub(crate) fn finish(&mut self, mut on: impl FnMut(&[u8])) {
        on(self.held.get(..self.len.into()).unwrap_or_default());
        *self = Self::default();
    }

    fn byte<F: FnMut(&[u8])>(&mut self, byte: u8, out: &mut Out<F>) {
        let [first, second] = self.held;
        let continues = matches!(byte, 0x80..=0xbf);
        match self.len {
            1 if continues && first < 0xe0 => {
                self.len = 0;
                let folded = letter(u16::from(first & 0x1f) << 6 | u16::from(byte & 0x3f));
                if folded < 0x80 {
                    out.push(folded as u8);
                } else {
                    out.push(0xc0 | (folded >> 6) as u8);
                    out.push(0x80 | (folded & 0x3f) as u8);
                }
                return;
            }
            1 if matches!((first, byte), (0xe2, 0x80 | 0x81) | (0xe3, 0x80) | (0xef, 0xbb)) => {
                self.held = [first, byte];
                self.len = 2;
                return;
            }
            2 if continues => {
                self.len = 0;
                match punctuation([first, second, byte]) {
                    Some(folded) => out.push(folded),
                    None => [first, second, byte].into_iter().for_each(|byte| out.push(byte)),
                }
                return;
            }
            0 => {}
            // No character after all: what was held is as it was.
            len => {
                self.len = 0;
                out.push(first);
                if len == 2 {
                    out.push(second);
                }
            }
        }
        if matches!(byte, 0xc2..=0xc5 | 0xce..=0xd4 | 0xe2 | 0xe3 | 0xef) {
            self.held = [byte, 0];
            self.len = 1;
        } else {
            out.push(byte);
        }
    }
}

/// What a character of three bytes becomes, if anything else: an apostrophe for the one that typesetters use (U+2019), a space
/// for all other characters of U+2000 to U+206F (General Punctuation) but the two joiners, which stand within words, for
/// U+3000 to U+303F (CJK Symbols and Punctuation) but the iteration mark and the closing mark, and for U+FEFF.
fn punctuation(bytes: [u8; 3]) -> Option<u8> {
    match bytes {
        [0xe2, 0x80, 0x99] => Some(b'\''),
        [0xe2, 0x80, 0x8c | 0x8d] | [0xe3, 0x80, 0x85 | 0x86] => None,
        [0xe2 | 0xe3, 0x80, _] | [0xe2, 0x81, 0x80..=0xaf] | [0xef, 0xbb, 0xbf] => Some(b' '),
        _ => None,
    }
}

/// What a character of two bytes becomes: its simple lower-case mapping (Unicode, `UnicodeData.txt`) in the blocks Latin-1,
/// Latin Extended-A, Greek and Cyrillic, final sigma as sigma; a space for the controls, the punctuation and the signs of
/// Latin-1.
fn letter(c: u16) -> u16 {
    let (even, odd) = (c | 1, (c + 1) & !1);
    match c {
        // Ordinals and micro are letters. Dotted and dotless i have no partner in two bytes; kra, n with an apostrophe and the
        // long s have none at all.
        0xaa | 0xb5 | 0xba | 0x130 | 0x131 | 0x138 | 0x149 | 0x17f => c,
        0x80..=0xbf | 0xd7 | 0xf7 => 0x20,
        0xc0..=0xde | 0x391..=0x3a1 | 0x3a3..=0x3ab | 0x410..=0x42f => c + 0x20,
        0x178 => 0xff,
        0x100..=0x137 | 0x14a..=0x177 | 0x460..=0x481 | 0x48a..=0x4bf | 0x4d0..=0x52f => even,
        0x139..=0x148 | 0x179..=0x17e | 0x4c1..=0x4ce => odd,
        0x386 => 0x3ac,
        0x388..=0x38a => c + 0x25,
        0x38c => 0x3cc,
        0x38e | 0x38f => c + 0x3f,
        0x3c2 => 0x3c3,
        0x400..=0x40f => c + 0x50,
        0x4c0 => 0x4cf,
        _ => c,
    }
}

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
