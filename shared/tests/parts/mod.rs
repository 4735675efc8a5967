//! A model file taken apart, to put it together again with one thing wrong.

#![allow(dead_code, reason = "each test program uses its own part of this")]

use std::sync::LazyLock;

use edgefit::{
    Error, Model,
    format::{self, Header, Input, LayerHeader, PREFIX_LEN},
    vocabulary::buckets,
};

use crate::{
    buffer::{Buffer, exercise, seal},
    common,
};

static TINY: LazyLock<Vec<u8>> = LazyLock::new(common::tiny_model);
static NUMERIC: LazyLock<Vec<u8>> = LazyLock::new(common::numeric_model);

/// A header and an arena.
pub(crate) struct Parts {
    pub(crate) header: Header<'static>,
    pub(crate) arena: Vec<u8>,
}

/// One table of the arena as the header has it.
pub(crate) struct Table<'h> {
    pub(crate) name: String,
    pub(crate) offset: &'h mut u32,
    pub(crate) align: u32,
    pub(crate) len: u32,
}

/// The tiny model, taken apart.
pub(crate) fn tiny() -> Parts {
    apart(&TINY)
}

/// The numeric model, taken apart.
pub(crate) fn numeric() -> Parts {
    apart(&NUMERIC)
}

fn apart(file: &'static [u8]) -> Parts {
    let (header, rest) = postcard::take_from_bytes::<Header<'_>>(&file[PREFIX_LEN..]).expect("a sound file");
    let (_padding, arena): (&[u8], &[u8]) = postcard::from_bytes(rest).expect("a sound file");
    Parts { header, arena: arena.to_vec() }
}

/// Loads a file with these parts and, if it loads, classifies with it.
pub(crate) fn load(parts: &Parts) -> Result<(), Error> {
    load_bytes(&parts.bytes())
}

/// Loads a file and, if it loads, classifies with it.
pub(crate) fn load_bytes(file: &[u8]) -> Result<(), Error> {
    let buffer = Buffer::new(file);
    let model = Model::from_bytes(buffer.bytes())?;
    exercise(&model, &[b"", b"Great caf\xc3\xa9, it's awful", b"10 strangers \xff\x00 10"]);
    Ok(())
}

impl Parts {
    /// The file with a right length and CRC.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut file = vec![0; self.arena.len() + 1_024];
        let len = format::write(&self.header, &self.arena, &mut file).expect("there is room");
        file.truncate(len);
        file
    }

    /// The same with any number of layers, put together field by field as FORMAT.md has them.
    pub(crate) fn bytes_with_layers(&self, layers: &[LayerHeader]) -> Vec<u8> {
        let mut file = self.bytes()[..PREFIX_LEN].to_vec();
        let mut room = [0; 1_024];
        let mut put = |part: &[u8]| file.extend(part);
        let Header { labels, logit_scale, input, provenance, .. } = &self.header;
        put(postcard::to_slice(&(labels, logit_scale, input), &mut room).expect("there is room"));
        put(postcard::to_slice(&layers, &mut room).expect("there is room"));
        put(postcard::to_slice(&provenance, &mut room).expect("there is room"));
        let arena_field = postcard::to_slice(&self.arena.len(), &mut room).expect("there is room").to_vec();
        let before_arena = file.len() + 1 + arena_field.len();
        let padding = before_arena.next_multiple_of(format::ALIGNMENT) - before_arena;
        file.push(padding as u8);
        file.resize(file.len() + padding, 0);
        file.extend(&arena_field);
        file.extend(&self.arena);
        seal(&mut file);
        file
    }

    /// All tables, in the order of the header.
    pub(crate) fn tables(&mut self) -> Vec<Table<'_>> {
        let table = |name: &str, offset, align, len| Table { name: name.into(), offset, align, len };
        let mut tables = match &mut self.header.input {
            Input::Text { words, displacements, fingerprints, .. } => vec![
                table("displacements", displacements, 2, 2 * buckets(*words as usize) as u32),
                table("fingerprints", fingerprints, 2, 2 * *words),
            ],
            Input::Numbers { features, means, scales } => {
                vec![table("means", means, 4, 4 * *features), table("scales", scales, 4, 4 * *features)]
            }
        };
        for (i, layer) in self.header.layers.iter_mut().enumerate() {
            let (units, width) = (layer.units, if layer.bits == 8 { 1 } else { 2 });
            let weights = layer.inputs * units * width;
            tables.push(table(&format!("weights {i}"), &mut layer.weights, 4, weights));
            tables.push(table(&format!("records {i}"), &mut layer.records, 4, 12 * units));
        }
        tables
    }

    /// Gives one field of the header, chosen by number, another value.
    pub(crate) fn set(&mut self, field: usize, value: u32) {
        const FIELDS_OF_INPUT: usize = 7;
        const FIELDS_OF_LAYER: usize = 6;
        let Header { logit_scale, input, layers, .. } = &mut self.header;
        let field = field % (FIELDS_OF_INPUT + FIELDS_OF_LAYER * layers.len());
        if let Some(field) = field.checked_sub(FIELDS_OF_INPUT) {
            let layer = &mut layers[field / FIELDS_OF_LAYER];
            match field % FIELDS_OF_LAYER {
                0 => layer.inputs = value,
                1 => layer.units = value,
                2 => layer.bits = value as u8,
                3 => layer.activation_max = value as u16,
                4 => layer.weights = value,
                _ => layer.records = value,
            }
            return;
        }
        match (input, field) {
            (_, 0) => *logit_scale = f32::from_bits(value),
            (Input::Text { tokeniser, .. }, 1) => *tokeniser = value as u16,
            (Input::Text { seed, .. }, 2) => *seed = value,
            (Input::Text { words, .. }, 3) => *words = value,
            (Input::Text { unknown_row, .. }, 4) => *unknown_row = value % 2 == 1,
            (Input::Text { displacements, .. }, 5) => *displacements = value,
            (Input::Text { fingerprints, .. }, _) => *fingerprints = value,
            (Input::Numbers { features, .. }, 1 | 2) => *features = value,
            (Input::Numbers { means, .. }, 3 | 4) => *means = value,
            (Input::Numbers { scales, .. }, _) => *scales = value,
        }
    }
}
