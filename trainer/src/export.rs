//! Export: from the checkpoint of a run to a model file.

use std::borrow::Cow;

use edgefit::format::Provenance;

use crate::{
    Result,
    data::{Corpus, VocabularyTables},
    integer,
    model_file::ModelFile,
    network::{self, Dense, Network},
    quantise::{HEADROOM, quantise},
    run::{Checkpoint, Run},
};

/// What stands in a file for an accuracy that has not been measured.
const NOT_MEASURED: f32 = f32::NAN;

/// A model file and, if there was a test corpus, its integer logits there.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The file.
    pub file: ModelFile,
    /// The integer logits on the test corpus, one a document; empty without one.
    pub logits: Vec<i32>,
    /// How many activations on the test corpus are larger than the integers go, and so are clamped; 0 without one.
    pub clamps: usize,
}

/// Makes the model file of `checkpoint`, epoch `epoch` of a run.
///
/// With a test corpus, the accuracies of network and file on it become part of the file's provenance.
///
/// # Errors
///
/// A network that cannot be quantised, or does not fit the format.
pub fn export(
    run: &Run,
    vocabulary: &VocabularyTables,
    epoch: u32,
    checkpoint: &Checkpoint,
    test: Option<&Corpus>,
) -> Result<Exported> {
    let integer = quantise(&without_start(&checkpoint.network, vocabulary.start_row()), &checkpoint.peaks)?;
    let build = |float_accuracy: f32, integer_accuracy: f32| {
        let provenance = Provenance {
            recipe: &run.recipe.name,
            seed: run.info.seed,
            epoch,
            protocol: run.info.protocol.name(),
            dataset: &run.info.dataset.name,
            dataset_sha256: run.info.dataset.sha256_bytes(),
            float_accuracy,
            integer_accuracy,
            edgefit: edgefit::VERSION,
        };
        ModelFile::build(&integer, vocabulary, &run.info.dataset.labels, provenance)
    };
    let file = build(NOT_MEASURED, NOT_MEASURED)?;
    let Some(test) = test else { return Ok(Exported { file, logits: Vec::new(), clamps: 0 }) };
    let model = file.model().expect("a built file has been loaded once");
    let logits = integer::logits_of_rows(&model, test);
    let float = network::accuracy(&checkpoint.network.logits(test), test.labels());
    let file = build(float as f32, network::accuracy(&logits, test.labels()) as f32)?;
    let limits: Vec<f32> = checkpoint.peaks.iter().map(|peak| peak * HEADROOM as f32).collect();
    Ok(Exported { file, logits, clamps: checkpoint.network.activations_above(&limits, test) })
}

/// The network without the row that every document sets: as that is always there, its weights go into the bias.
fn without_start(network: &Network, start_row: Option<u16>) -> Cow<'_, Network> {
    let (Some(row), [first, rest @ ..]) = (start_row.map(usize::from), network.layers.as_slice()) else {
        return Cow::Borrowed(network);
    };
    let bias = first.bias.iter().zip(first.row(row)).map(|(bias, weight)| bias + weight).collect();
    let mut kernel = first.kernel.clone();
    kernel.drain(row * first.units()..(row + 1) * first.units());
    Cow::Owned(Network { layers: [&[Dense { kernel, bias }], rest].concat() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_row_goes_into_the_bias() {
        let first = Dense { kernel: vec![1.0, 2.0, 3.0, 4.0, 0.5, -8.0], bias: vec![0.25, 0.5] };
        let network = Network { layers: vec![first, Dense { kernel: vec![1.0, -1.0], bias: vec![0.125] }] };
        let folded = without_start(&network, Some(2));
        assert_eq!(folded.layers[0], Dense { kernel: vec![1.0, 2.0, 3.0, 4.0], bias: vec![0.75, -7.5] });
        assert_eq!(folded.layers[1..], network.layers[1..]);
        assert_eq!(*without_start(&network, None), network);
    }
}
