//! `trainer predict`: what a model file says of texts or numbers, by the arithmetic of the board.

use std::{
    fmt::Write as _,
    io::{IsTerminal, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use edgefit::{
    Classifier, Model,
    link::Served,
    vocabulary::Vocabulary,
    words::{Hash, WordSink},
};
use serde::Serialize;

use crate::{Error, Result, board::Given, commands::Outcome, integer::Buffers, model_file::ModelFile};

/// No input is longer than this, in bytes.
const LONGEST: u64 = 1 << 30;
/// How much of a text is shown, in characters.
const SHOWN: usize = 60;

/// Arguments of `predict`.
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// The exported model file
    #[arg(value_name = "FILE")]
    pub model: PathBuf,
    /// Texts, one an argument; for a model of numbers: numbers separated by commas, such as 5.1,3.5,1.4. After `--` one may
    /// begin with a dash
    #[arg(value_name = "TEXT", allow_negative_numbers = true)]
    pub texts: Vec<String>,
    /// Read texts from this file, one a line; `-` is stdin, which is read too where neither texts nor a file are given
    #[arg(long, value_name = "FILE", conflicts_with = "texts")]
    pub input: Option<PathBuf>,
    /// The whole input is one text, line ends and all
    #[arg(long)]
    pub whole: bool,
    /// How many words that weighed most to name
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub words: usize,
    /// Print one JSON object instead of lines
    #[arg(long)]
    pub json: bool,
}

/// What a model says of one document.
#[derive(Debug, Serialize)]
struct Prediction {
    /// The document.
    input: String,
    /// Its class.
    label: String,
    /// The probability of that class.
    probability: f32,
    /// Of every class, in the order of the model's labels.
    probabilities: Vec<f32>,
    /// The integer logits.
    logits: Vec<i32>,
    /// The words that weighed most, heaviest first; none for a model of numbers.
    words: Vec<Weighed>,
}

/// A word, and how much it speaks for the decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Weighed {
    word: String,
    /// By how much the lead of the decision over the runner-up falls where the word is left out, as a logit; below 0 for a
    /// word that speaks against it.
    weight: f32,
}

/// Carries out `predict`.
///
/// # Errors
///
/// A file that is no sound model, an input that cannot be read, a line that is not what the model takes.
pub fn predict(args: &PredictArgs) -> Result<Outcome> {
    let file = ModelFile::read(&args.model)?;
    let model = file.model().expect("a file that was read has been loaded once");
    let documents = documents(args)?;
    let predict = |document: &Typed| of_document(&model, document, args.words);
    let predictions = documents.iter().map(predict).collect::<Result<Vec<Prediction>>>()?;
    let text = if args.json {
        let labels: Vec<&str> = model.labels().collect();
        let model = args.model.display().to_string();
        let object = serde_json::json!({ "schema": 1, "model": model, "labels": labels, "predictions": predictions });
        format!("{object:#}\n")
    } else {
        predictions.iter().map(render).collect()
    };
    Ok(Outcome { text, failed: false })
}

/// A document as it was given, and where.
struct Typed {
    bytes: Vec<u8>,
    place: String,
}

/// The documents, from wherever they come.
fn documents(args: &PredictArgs) -> Result<Vec<Typed>> {
    if !args.texts.is_empty() {
        let typed =
            |(i, text): (usize, &String)| Typed { bytes: text.clone().into_bytes(), place: format!("text {}", i + 1) };
        return Ok(args.texts.iter().enumerate().map(typed).collect());
    }
    let bytes = match args.input.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => std::fs::File::open(path).and_then(limited).map_err(Error::io("read", path))?,
        None => {
            let stdin = std::io::stdin().lock();
            if stdin.is_terminal() {
                eprintln!("reading texts from the terminal, one a line; Ctrl-D ends them");
            }
            limited(stdin).map_err(Error::io("read", "stdin"))?
        }
    };
    let whence = args.input.as_deref().map_or("stdin".into(), Path::to_string_lossy);
    if args.whole {
        return Ok(vec![Typed { bytes, place: whence.into_owned() }]);
    }
    let line = |(i, line): (usize, &[u8])| {
        let bytes = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
        Typed { bytes, place: format!("{whence}, line {}", i + 1) }
    };
    let lines = bytes.split(|byte| *byte == b'\n').enumerate().map(line);
    Ok(lines.filter(|line| !line.bytes.trim_ascii().is_empty()).collect())
}

fn limited(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Collects the words of a text that have a row, with it, each row once.
struct Known<'m> {
    vocabulary: &'m Vocabulary<'m>,
    word: Vec<u8>,
    hash: Hash,
    found: Vec<(u16, String)>,
}

impl WordSink for Known<'_> {
    fn byte(&mut self, byte: u8) {
        self.word.push(byte);
        self.hash.byte(byte);
    }

    fn end(&mut self) {
        let hash = std::mem::replace(&mut self.hash, Hash::new(self.vocabulary.seed()));
        if let Some(row) = self.vocabulary.row(hash.value())
            && !self.found.iter().any(|(known, _)| *known == row)
        {
            self.found.push((row, String::from_utf8_lossy(&self.word).into_owned()));
        }
        self.word.clear();
    }
}

fn of_document(model: &Model<'_>, Typed { bytes, place }: &Typed, words: usize) -> Result<Prediction> {
    let document = Given::parse(bytes, model, place)?;
    let mut buffers = Buffers::of(model);
    let mut classifier = Served::new(model, buffers.view()).expect("the buffers are as large as the model needs");
    document.view().feed(&mut classifier).expect("the document is of the model's kind");
    let answer = classifier.finish().expect("it is whole");
    let class = answer.class();
    let labels: Vec<&str> = model.labels().collect();
    let logits = answer.values().to_vec();
    let mut prediction = Prediction {
        input: String::from_utf8_lossy(bytes).into_owned(),
        label: labels[class].to_owned(),
        probability: answer.probability(class),
        probabilities: (0..labels.len()).map(|class| answer.probability(class)).collect(),
        logits,
        words: Vec::new(),
    };
    if let (Served::Text(classifier), Some(vocabulary), 1..) = (&mut classifier, model.vocabulary(), words) {
        let scale = model.header().logit_scale;
        prediction.words = weigh(vocabulary, scale, classifier, bytes, &prediction.logits, class);
        prediction.words.truncate(words);
    }
    Ok(prediction)
}

/// The words whose absence would move the decision most.
fn weigh(
    vocabulary: &Vocabulary<'_>,
    scale: f32,
    classifier: &mut Classifier<'_, '_>,
    text: &[u8],
    logits: &[i32],
    class: usize,
) -> Vec<Weighed> {
    let mut known = Known { vocabulary, word: Vec::new(), hash: Hash::new(vocabulary.seed()), found: Vec::new() };
    let mut splitter = vocabulary.splitter();
    splitter.feed(text, &mut known);
    splitter.finish(&mut known);
    let all = lead(logits, class);
    let mut weighed: Vec<Weighed> = Vec::with_capacity(known.found.len());
    for (left_out, word) in &known.found {
        for (row, _) in known.found.iter().filter(|(row, _)| row != left_out) {
            classifier.row(*row).expect("the vocabulary names rows of the model");
        }
        let without = lead(classifier.finish().values(), class);
        let weight = (all - without) as f32 * scale;
        weighed.push(Weighed { word: word.clone(), weight });
    }
    weighed.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.word.cmp(&b.word)));
    weighed.retain(|weighed| weighed.weight != 0.0);
    weighed
}

/// How far a class is ahead of the best other one.
fn lead(logits: &[i32], class: usize) -> i64 {
    if let [logit] = logits {
        return if class == 1 { i64::from(*logit) } else { -i64::from(*logit) };
    }
    let others = logits.iter().enumerate().filter(|(other, _)| *other != class).map(|(_, logit)| *logit);
    i64::from(logits[class]) - others.max().map_or(0, i64::from)
}

fn render(prediction: &Prediction) -> String {
    let Prediction { input, label, probability, words, .. } = prediction;
    let mut shown: String = input.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if input.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    let mut line = format!("{label}\t{:.1}%\t{shown}\n", 100.0 * probability);
    if !words.is_empty() {
        let words: Vec<String> = words.iter().map(|w| format!("{} {:+.2}", w.word, w.weight)).collect();
        let _ = writeln!(line, "\tby {}", words.join(", "));
    }
    line
}
