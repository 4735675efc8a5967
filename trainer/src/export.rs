//! Export: from the checkpoint of a run to a model file.

use std::borrow::Cow;

use edgefit::format::Provenance;

use crate::{
    Result,
    data::{Corpus, Inputs},
    integer,
    model_file::ModelFile,
    network::{self, Dense, Network},
    quantise::{HEADROOM, WeightBits, quantise},
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
    inputs: &Inputs,
    epoch: u32,
    checkpoint: &Checkpoint,
    bits: WeightBits,
    test: Option<&Corpus>,
) -> Result<Exported> {
    let network = without_start(&checkpoint.network, inputs.start_row());
    let integer = quantise(&network, &checkpoint.peaks, inputs.scale(), bits)?;
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
        ModelFile::build(&integer, inputs, &run.info.dataset.labels, provenance)
    };
    let file = build(NOT_MEASURED, NOT_MEASURED)?;
    let Some(test) = test else { return Ok(Exported { file, logits: Vec::new(), clamps: 0 }) };
    let model = file.model().expect("a built file has been loaded once");
    let logits = integer::logits_of_corpus(&model, test);
    let float = network::accuracy(&checkpoint.network.logits(test), test.labels());
    let file = build(float as f32, network::accuracy(&logits, test.labels()) as f32)?;
    let limits: Vec<f32> = checkpoint.peaks.iter().map(|peak| peak * HEADROOM as f32).collect();
    Ok(Exported { file, logits, clamps: checkpoint.network.evaluator().activations_above(&limits, test) })
}

/// The network without the row that every document sets: as that is always there, its weights go into the bias.
pub(crate) fn without_start(network: &Network, start_row: Option<u16>) -> Cow<'_, Network> {
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
    use crate::{
        board::Document,
        data::{Dataset, Split, VocabularyTables},
        evaluate::{Foreign, evaluate_file},
        run::DatasetInfo,
        verdict,
    };
    use std::path::Path;

    #[test]
    fn the_start_row_goes_into_the_bias() {
        let first = Dense { kernel: vec![1.0, 2.0, 3.0, 4.0, 0.5, -8.0], bias: vec![0.25, 0.5] };
        let network = Network { layers: vec![first, Dense { kernel: vec![1.0, -1.0], bias: vec![0.125] }] };
        let folded = without_start(&network, Some(2));
        assert_eq!(folded.layers[0], Dense { kernel: vec![1.0, 2.0, 3.0, 4.0], bias: vec![0.75, -7.5] });
        assert_eq!(folded.layers[1..], network.layers[1..]);
        assert_eq!(*without_start(&network, None), network);
    }

    /// Six documents of a foreign tokeniser with five words, of which three are in the vocabulary.
    fn foreign() -> (Dataset, VocabularyTables) {
        let mut split = Split::default();
        for (i, text) in ["", "good ", "good film ", "film odd ", "dull dull the ", "rare "].into_iter().enumerate() {
            split.push(text.as_bytes(), i as u16 % 2);
        }
        let words = ["the", "film", "good", "dull", "odd"].map(|word| word.as_bytes().into());
        let dataset = Dataset {
            name: "foreign".to_owned(),
            synthetic: false,
            sha256: [7; 32],
            labels: vec!["neg".to_owned(), "pos".to_owned()],
            word_index: Some(words.into()),
            features: None,
            notes: Vec::new(),
            train: split.clone(),
            test: split,
        };
        let tables = VocabularyTables::of(&dataset, &dataset.train, 7).expect("three words have rows");
        (dataset, tables)
    }

    #[test]
    fn a_foreign_model_answers_alike_in_float_and_integers_and_from_text() {
        let (dataset, tables) = foreign();
        let kernel = (0..tables.rows() * 3).map(|i| (i as f32 * 0.7).sin()).collect();
        let first = Dense { kernel, bias: vec![0.1, -0.2, 0.3] };
        let network = Network { layers: vec![first, Dense { kernel: vec![1.0, -0.9, 0.8], bias: vec![-0.3] }] };
        let corpus = tables.corpus(&dataset.test);
        let (float, peaks) = network.evaluator().logits_and_peaks(&corpus);
        let integer = quantise(&without_start(&network, tables.start_row()), &peaks, None, WeightBits::Eight)
            .expect("a small network");
        let provenance = Provenance {
            recipe: "baseline",
            seed: 3,
            epoch: 1,
            protocol: "article",
            dataset: "foreign",
            dataset_sha256: dataset.sha256,
            float_accuracy: 0.5,
            integer_accuracy: 0.875,
            edgefit: edgefit::VERSION,
        };
        let file = ModelFile::build(&integer, &Inputs::Words(tables.clone()), &dataset.labels, provenance)
            .expect("a sound file");
        let model = file.model().expect("a sound file");
        assert!(model.is_foreign());
        assert_eq!(model.rows(), tables.rows() - 1);
        let logits = integer::logits_of_corpus(&model, &corpus);
        let texts: Vec<Document<'_>> = dataset.test.texts().map(Document::Text).collect();
        assert_eq!(logits, integer::logits_of_documents(&model, &texts));
        for (float, integer) in float.iter().zip(&logits) {
            assert!((float - *integer as f32 * model.header().logit_scale).abs() < 0.02, "{float}, {integer}");
        }

        let path = Path::new("model.edgefit");
        let own = evaluate_file(file.clone(), path, &corpus, dataset.sha256);
        assert_eq!((own.stated_accuracy, own.foreign), (Some(0.875), Some(Foreign { stated_accuracy: None })));
        let elsewhere = evaluate_file(file.clone(), path, &corpus, [8; 32]);
        let stated_accuracy = Some(0.875);
        assert_eq!((elsewhere.stated_accuracy, elsewhere.foreign), (None, Some(Foreign { stated_accuracy })));
        let info = DatasetInfo::of(&dataset, "elsewhere");
        let results = verdict::results(info, &[own, elsewhere], &verdict::Rules::default()).expect("no margin");
        let found = network::accuracy(&logits, corpus.labels());
        let skew = format!("accuracy {found:.5} on the texts here, 0.87500 stated on its own words, a skew of");
        assert!(results.notes.iter().any(|note| note.contains(&skew)), "{:?}", results.notes);
        assert!(results.notes.iter().any(|note| note.starts_with("1 of 2 models have")), "{:?}", results.notes);
        // What the file says of its own dataset is a check; what it costs elsewhere is none.
        assert_eq!(results.failures.len(), 1, "{:?}", results.failures);
    }
}
