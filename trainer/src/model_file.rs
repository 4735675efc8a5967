//! Model files on the host: building, reading and writing them.

use std::path::Path;

use edgefit::{
    Model,
    format::{self, Header, Input, LayerHeader, PREFIX_LEN, Provenance},
    words::FOREIGN,
};

use crate::{
    Error, Result,
    data::Inputs,
    files,
    quantise::{IntegerLayer, IntegerNetwork},
};

/// The bytes of a model file, at an address that [`Model::from_bytes`] accepts.
#[derive(Debug, Clone)]
pub struct ModelFile {
    blocks: Vec<u128>,
    len: usize,
}

impl ModelFile {
    /// A copy of `bytes` at a multiple of 16.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut blocks = vec![0u128; bytes.len().div_ceil(size_of::<u128>())];
        bytemuck::cast_slice_mut(&mut blocks)[..bytes.len()].copy_from_slice(bytes);
        Self { blocks, len: bytes.len() }
    }

    /// Builds the file of an integer network with its vocabulary or standards, and loads it once to see that it is sound.
    ///
    /// # Errors
    ///
    /// A network beyond the limits of the format.
    pub fn build(
        network: &IntegerNetwork,
        inputs: &Inputs,
        labels: &[String],
        provenance: Provenance<'_>,
    ) -> Result<Self> {
        let mut arena = Arena::default();
        let labels = labels.join("\0");
        let input = match inputs {
            Inputs::Words(vocabulary) => Input::Text {
                tokeniser: vocabulary.tokeniser.version() | if vocabulary.foreign { FOREIGN } else { 0 },
                seed: vocabulary.seed,
                words: vocabulary.fingerprints.len() as u32,
                unknown_row: vocabulary.unknown_row().is_some(),
                displacements: arena.put(&vocabulary.displacements),
                fingerprints: arena.put(&vocabulary.fingerprints),
            },
            Inputs::Numbers(standards) => Input::Numbers {
                features: standards.features() as u32,
                means: arena.put(&standards.means),
                scales: arena.put(&standards.scales),
            },
        };
        let rows = matches!(inputs, Inputs::Words(_));
        let layers = network.layers.iter().enumerate();
        let layers = layers.map(|(i, layer)| layer_header(layer, rows && i == 0, &mut arena)).collect();
        let header = Header { labels: &labels, logit_scale: network.logit_scale, input, layers, provenance };
        // Strings are short and bounded: names of recipes, datasets and classes.
        let mut out = vec![0; PREFIX_LEN + arena.0.len() + labels.len() + 4_096];
        let written = format::write(&header, &arena.0, &mut out).map_err(unsound)?;
        let file = Self::from_bytes(&out[..written]);
        file.model().map_err(unsound)?;
        Ok(file)
    }

    /// Reads and validates a model file.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or is not a sound model; the message names the file and the reason.
    pub fn read(path: &Path) -> Result<Self> {
        let file = Self::from_bytes(&std::fs::read(path).map_err(Error::io("read", path))?);
        if let Err(error) = file.model() {
            return Err(Error::input(
                path.display(),
                error,
                "export the model again: `trainer export RUN --output FILE`",
            ));
        }
        Ok(file)
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn write(&self, path: &Path) -> Result<()> {
        files::write(path, self.bytes())
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.blocks)[..self.len]
    }

    /// The model in the bytes.
    ///
    /// # Errors
    ///
    /// Why the bytes are not a sound model.
    pub fn model(&self) -> Result<Model<'_>, edgefit::Error> {
        Model::from_bytes(self.bytes())
    }
}

fn unsound(error: edgefit::Error) -> Error {
    Error::input("network", error, "see the limits in shared/FORMAT.md and choose a smaller network")
}

/// The arena of a file: tables one after the other, each at a multiple of 16.
#[derive(Default)]
struct Arena(Vec<u8>);

impl Arena {
    /// Appends a table, little endian, and returns its offset.
    fn put<T: bytemuck::NoUninit>(&mut self, table: &[T]) -> u32 {
        const { assert!(cfg!(target_endian = "little"), "tables are stored as they lie in memory, little endian") };
        self.0.resize(self.0.len().next_multiple_of(format::ALIGNMENT), 0);
        let offset = self.0.len() as u32;
        self.0.extend_from_slice(bytemuck::cast_slice(table));
        offset
    }
}

/// Puts the tables of a layer, whose weights are `rows` to add or not, into the arena.
fn layer_header(layer: &IntegerLayer, rows: bool, arena: &mut Arena) -> LayerHeader {
    let units = layer.biases.len();
    let vector = if rows { units } else { layer.inputs };
    let weights: Vec<u8> = layer.weights.chunks(vector).flat_map(|vector| stored(vector, layer.bits, rows)).collect();
    let record = |(&bias, &(multiplier, shift)): (&i32, &(i32, u8))| [bias, multiplier, shift.into()];
    let records: Vec<i32> = layer.biases.iter().zip(&layer.factors).flat_map(record).collect();
    LayerHeader {
        inputs: layer.inputs as u32,
        units: units as u32,
        bits: layer.bits,
        activation_max: layer.activation_max,
        weights: arena.put(&weights),
        records: arena.put(&records),
    }
}

/// The weights of a row, or of a unit, as they lie in the file.
fn stored(weights: &[i16], bits: u8, row: bool) -> Vec<u8> {
    match bits {
        4 => weights.chunks(2).map(|pair| pair.iter().rev().fold(0, |byte, &w| byte << 4 | (w + 8) as u8)).collect(),
        8 if row => weights.iter().map(|&w| (w + 128) as u8).collect(),
        8 => weights.iter().map(|&w| w as u8).collect(),
        _ => bytemuck::cast_slice(weights).to_vec(),
    }
}
