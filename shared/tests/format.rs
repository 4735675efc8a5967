//! FORMAT.md against the code: its worked example is the golden file, and what it says of sizes is so.

use edgefit::format::{Header, Input, LayerHeader, PREFIX_LEN, Provenance};

const DOCUMENT: &str = include_str!("../FORMAT.md");
const GOLDEN: &[u8] = include_bytes!("../golden/tiny.edgefit");

/// The lines of the worked example as (offset, bytes).
fn example() -> Vec<(usize, Vec<u8>)> {
    let section = DOCUMENT.split("\n## ").find(|section| section.starts_with("Worked example")).expect("the section");
    let block = section.split("```").nth(1).expect("the block").trim_start_matches("text\n");
    let line = |line: &str| {
        let (offset, rest) = line.split_once("  ").expect("an offset, two spaces, bytes");
        let bytes = rest.split("  ").next().expect("bytes, two spaces, the meaning").split_whitespace();
        let bytes = bytes.map(|byte| u8::from_str_radix(byte, 16).expect("bytes in hexadecimal")).collect();
        (usize::from_str_radix(offset, 16).expect("an offset in hexadecimal"), bytes)
    };
    block.lines().filter(|text| !text.is_empty()).map(line).collect()
}

#[test]
fn the_worked_example_is_the_golden_file() {
    let mut end = 0;
    for (offset, bytes) in example() {
        assert_eq!(offset, end, "the line at {offset:#06x} follows the one before");
        end += bytes.len();
        assert_eq!(Some(&bytes[..]), GOLDEN.get(offset..end), "the line at {offset:#06x}");
    }
    assert_eq!(end, GOLDEN.len());
}

#[test]
fn a_header_of_six_layers_takes_256_bytes_without_labels() {
    let offset = (1 << 28) - 1;
    let layer = LayerHeader {
        inputs: 65_535,
        units: 1_024,
        bits: 16,
        activation_max: 32_767,
        weights: offset,
        records: offset,
    };
    let name = "sixteen letters.";
    let header = Header {
        labels: "",
        logit_scale: 1.0,
        input: Input::Text {
            tokeniser: 0x81,
            seed: u32::MAX,
            words: 65_535,
            unknown_row: false,
            displacements: offset,
            fingerprints: offset,
        },
        layers: std::iter::repeat_n(layer, 6).collect(),
        provenance: Provenance {
            recipe: name,
            seed: u64::MAX,
            epoch: u32::MAX,
            protocol: "held-out",
            dataset: name,
            dataset_sha256: [0xff; 32],
            float_accuracy: 1.0,
            integer_accuracy: 1.0,
            edgefit: "0.10.0",
        },
    };
    let mut room = [0; 512];
    let len = postcard::to_slice(&header, &mut room).expect("there is room").len();
    assert!((238..=256).contains(&len), "{len}");
    assert_eq!(PREFIX_LEN, 16);
}
