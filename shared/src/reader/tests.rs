//! The reader against the derived one.

use super::*;
use proptest::{collection::vec, prelude::*};
use std::{string::String, vec::Vec};

/// What the derived reader makes of the bytes: the header, and how many bytes are left.
fn derived(bytes: &[u8]) -> Option<(Header<'_>, usize)> {
    postcard::take_from_bytes(bytes).ok().map(|(header, rest)| (header, rest.len()))
}

fn derived_number<T: serde::de::DeserializeOwned + Into<u64>>(bytes: &[u8]) -> Option<(u64, usize)> {
    postcard::take_from_bytes::<T>(bytes).ok().map(|(value, rest)| (value.into(), rest.len()))
}

fn read(bytes: &[u8]) -> Option<(Header<'_>, usize)> {
    let mut reader = Reader::new(bytes);
    let header = reader.header();
    (!reader.failed()).then_some((header, reader.rest.len()))
}

/// As the loader passes over a header.
fn passed(bytes: &[u8]) -> Option<usize> {
    let mut reader = Reader::new(bytes);
    reader.text();
    reader.f32();
    reader.input();
    reader.layers();
    reader.skip_provenance();
    (!reader.failed()).then_some(reader.rest.len())
}

/// The derived reader takes lengths of the width of a pointer, which on a host is more than a u32: they take more
/// than five bytes there. It is all that the two differ in.
fn may_hold_a_wide_length(bytes: &[u8]) -> bool {
    bytes.windows(5).any(|window| window.iter().all(|&byte| byte >= 0x80))
}

fn agree(bytes: &[u8]) -> Result<bool, TestCaseError> {
    let (expected, got) = (derived(bytes), read(bytes));
    prop_assert_eq!(passed(bytes), got.as_ref().map(|(_, left)| *left));
    if got.is_some() || !may_hold_a_wide_length(bytes) {
        // As text, for which two NaN are the same.
        prop_assert_eq!(std::format!("{:?}", &got), std::format!("{:?}", &expected));
    }
    Ok(got.is_some())
}

fn layer() -> impl Strategy<Value = LayerHeader> {
    let offset = || prop_oneof![0u32..300, any::<u32>()];
    (offset(), offset(), any::<u8>(), any::<u16>(), offset(), offset()).prop_map(
        |(inputs, units, bits, activation_max, weights, records)| LayerHeader {
            inputs,
            units,
            bits,
            activation_max,
            weights,
            records,
        },
    )
}

fn input() -> impl Strategy<Value = Input> {
    let fields = (any::<u16>(), any::<u32>(), any::<u32>(), any::<bool>(), any::<u32>(), any::<u32>());
    let text = fields.prop_map(|(tokeniser, seed, words, unknown_row, displacements, fingerprints)| Input::Text {
        tokeniser,
        seed,
        words,
        unknown_row,
        displacements,
        fingerprints,
    });
    let fields = (any::<u32>(), any::<u32>(), any::<u32>());
    prop_oneof![text, fields.prop_map(|(features, means, scales)| Input::Numbers { features, means, scales })]
}

prop_compose! {
    /// The bytes of any header, with what frames the arena after them.
    fn encoded()(
        labels in "\\PC{0,20}",
        logit_scale: f32,
        input in input(),
        layers in vec(layer(), 0..=MAX_LAYERS),
        (recipe, protocol, dataset, edgefit) in ("\\PC{0,9}", "\\PC{0,9}", "\\PC{0,9}", "\\PC{0,9}"),
        (run, epoch, dataset_sha256) in (any::<u64>(), any::<u32>(), any::<[u8; 32]>()),
        accuracy: f32,
    ) -> Vec<u8> {
        let header = Header {
            labels: &labels,
            logit_scale,
            input,
            layers: layers.into_iter().collect(),
            provenance: Provenance {
                recipe: &recipe,
                seed: run,
                epoch,
                protocol: &protocol,
                dataset: &dataset,
                dataset_sha256,
                float_accuracy: accuracy,
                integer_accuracy: accuracy,
                edgefit: &edgefit,
            },
        };
        let mut room = [0; 1_024];
        postcard::to_slice(&header, &mut room).expect("there is room").to_vec()
    }
}

proptest! {
    #[test]
    fn any_header_is_read_as_it_was_written(bytes in encoded(), after in vec(any::<u8>(), 0..4)) {
        let whole = [&bytes[..], &after].concat();
        prop_assert!(agree(&whole)?);
        prop_assert_eq!(passed(&whole), Some(after.len()));
    }

    #[test]
    fn a_damaged_header_is_refused_or_read_as_by_the_derived_reader(
        mut bytes in encoded(),
        changes in vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), Just(0xff), Just(0x80)]), 1..6),
        len in any::<prop::sample::Index>(),
        is_cut: bool,
    ) {
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(len.index(bytes.len()));
        }
        agree(&bytes)?;
    }

    #[test]
    fn any_bytes_are_refused_or_read_as_by_the_derived_reader(bytes in vec(any::<u8>(), 0..300)) {
        agree(&bytes)?;
    }

    #[test]
    fn a_varint_is_read_as_by_the_derived_reader(bytes in vec(prop_oneof![any::<u8>(), 0x80u8..], 0..12)) {
        let value = |read: &mut dyn FnMut(&mut Reader<'_>) -> u64| {
            let mut reader = Reader::new(&bytes);
            let value = read(&mut reader);
            (!reader.failed()).then_some((value, reader.rest.len()))
        };
        prop_assert_eq!(value(&mut |reader| reader.u16().into()), derived_number::<u16>(&bytes));
        prop_assert_eq!(value(&mut |reader| reader.u32().into()), derived_number::<u32>(&bytes));
        prop_assert_eq!(value(&mut |reader| reader.u64()), derived_number::<u64>(&bytes));
        prop_assert_eq!(value(&mut |reader| reader.bool().into()), derived_number::<bool>(&bytes));
    }

    #[test]
    fn text_is_utf8(text: String, cut in any::<prop::sample::Index>()) {
        prop_assert!(is_utf8(text.as_bytes()));
        let cut = cut.index(text.len() + 1);
        prop_assert_eq!(is_utf8(&text.as_bytes()[..cut]), text.is_char_boundary(cut));
    }
}

#[test]
#[cfg_attr(miri, ignore = "two million texts take an interpreter hours")]
fn nothing_else_is_utf8() {
    const EDGES: [u8; 27] = [
        0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
        0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xff,
    ];
    let quadruple = |n: usize| [0, 1, 2, 3].map(|place| EDGES[n / EDGES.len().pow(place) % EDGES.len()]);
    for bytes in (0..EDGES.len().pow(4)).map(quadruple) {
        for len in 0..=4 {
            assert_eq!(is_utf8(&bytes[..len]), core::str::from_utf8(&bytes[..len]).is_ok(), "{:x?}", &bytes[..len]);
        }
    }
}
