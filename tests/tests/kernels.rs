//! The kernels of every emulated core against the host's, on models of all shapes: widths, bits and extremes that no trained
//! model has.

use std::{cmp::Reverse, thread};

use edgefit::{
    Classifier, Model, Scratch,
    format::{self, Header, Input, LayerHeader, Provenance},
    link::SELF_TEST_STRIDE,
    seen_words,
    vocabulary::buckets,
};
use edgefit_trainer::{
    board::{Board, Session},
    model_file::ModelFile,
};

/// A source of numbers that are the same in every run (Marsaglia's xorshift with 32 bits).
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }
}

/// Where a model may lie in a region, in bytes.
const ALIGNMENT: usize = 16;

/// The shape of a layer: units, bits a weight, the largest activation.
type Shape = (usize, u8, u16);

/// Weights in words of the file, of any value that the bits allow; a third of the layers hold extremes alone.
fn weights(random: &mut Random, bits: u8, rows: bool, vectors: usize, len: usize) -> Vec<u8> {
    let limit = (1i32 << (bits - 1)) - 1;
    let extremes = random.below(3) == 0;
    let mut weight = || match random.next() {
        n if extremes => {
            if n & 64 == 0 {
                -limit
            } else {
                limit
            }
        }
        n => (n >> 3) as i32 % (limit + 1) * if n & 1 == 0 { 1 } else { -1 },
    };
    let mut bytes = Vec::new();
    for _ in 0..vectors {
        let vector: Vec<i32> = (0..len).map(|_| weight()).collect();
        match bits {
            4 => bytes
                .extend(vector.chunks(2).map(|pair| pair.iter().rev().fold(0, |byte, w| byte << 4 | (w + 8) as u8))),
            8 => bytes.extend(vector.iter().map(|w| if rows { w + 128 } else { *w } as u8)),
            _ => bytes.extend(vector.iter().flat_map(|w| (*w as i16).to_le_bytes())),
        }
    }
    bytes
}

fn put(arena: &mut Vec<u8>, bytes: &[u8]) -> u32 {
    arena.resize(arena.len().next_multiple_of(16), 0);
    let offset = arena.len() as u32;
    arena.extend(bytes);
    offset
}

/// Which shifts requantisation takes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shifts {
    /// Of all sizes in each layer.
    Mixed,
    /// Up to 32 in the first layer and above in the second, as in trained models.
    Trained,
}

impl Shifts {
    /// One for a unit of this layer: some activations are 0, some are clamped. `more` of it let less overflow.
    fn shift(self, random: &mut Random, layer: usize, more: usize) -> i32 {
        let shift = match (self, layer) {
            (Self::Mixed, 0) => 24 + random.below(12) + more,
            (Self::Trained, 0) => (24 + random.below(9) + more).min(32),
            (Self::Trained, 1) => 33 + random.below(14) + more,
            _ => 24 + random.below(8) + more,
        };
        shift.min(62) as i32
    }
}

/// A model of `rows` rows with these layers. Its shifts grow until no sum can overflow.
fn model(seed: u32, rows: usize, shapes: &[Shape], shifts: Shifts) -> ModelFile {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9) | 1);
    let mut arena = vec![0; 2 * buckets(rows) + 2 * rows];
    let input = Input::Text {
        tokeniser: 1,
        seed: 0,
        words: rows as u32,
        unknown_row: false,
        displacements: 0,
        fingerprints: 2 * buckets(rows) as u32,
    };
    let mut layers = Vec::new();
    let mut inputs = rows;
    for (i, &(units, bits, activation_max)) in shapes.iter().enumerate() {
        let (vectors, len) = if i == 0 { (inputs, units) } else { (units, inputs) };
        let weights = weights(&mut random, bits, i == 0, vectors, len);
        let weights = put(&mut arena, &weights);
        let records = put(&mut arena, &vec![0; 12 * units]);
        // No larger than the sums of the next layer can take.
        let activation_max = shapes.get(i + 1).map_or(activation_max, |&(_, next_bits, _)| {
            let most = (1 << 30) / (units << (next_bits - 1));
            activation_max.min(most.clamp(1, 32_767) as u16)
        });
        layers.push(LayerHeader { inputs: inputs as u32, units: units as u32, bits, activation_max, weights, records });
        inputs = units;
    }
    let labels = vec!["class"; inputs.max(2)].join("\0");
    let provenance = Provenance {
        recipe: "random",
        seed: seed.into(),
        epoch: 0,
        protocol: "",
        dataset: "",
        dataset_sha256: [0; 32],
        float_accuracy: 0.0,
        integer_accuracy: 0.0,
        edgefit: "",
    };
    let header =
        Header { labels: &labels, logit_scale: 1.0, input, layers: layers.iter().cloned().collect(), provenance };
    (0..40)
        .find_map(|more| {
            let mut random = random.next_records();
            for (i, layer) in layers.iter().enumerate() {
                for unit in 0..layer.units as usize {
                    let bias = random.next() as i32 >> 12;
                    let multiplier = (1 << 30 | random.next() >> 2) as i32;
                    let shift = shifts.shift(&mut random, i, more);
                    let at = layer.records as usize + 12 * unit;
                    arena[at..at + 12].copy_from_slice(&[bias, multiplier, shift].map(i32::to_le_bytes).concat());
                }
            }
            let mut file = vec![0; arena.len() + labels.len() + 1_024];
            let len = format::write(&header, &arena, &mut file).expect("there is room");
            let file = ModelFile::from_bytes(&file[..len]);
            file.model().is_ok().then_some(file)
        })
        .expect("with large shifts no sum overflows")
}

impl Random {
    /// Another source, for the same numbers whenever it is asked for.
    fn next_records(&self) -> Self {
        Self(self.0 ^ 0x5bd1_e995)
    }
}

/// Models of all shapes, the smallest boards first.
fn models() -> Vec<(String, ModelFile)> {
    let mut shapes: Vec<(usize, Vec<Shape>)> = Vec::new();
    for width in 1..=40 {
        let bits = [8, 8, 4][width % 3];
        shapes.push((60 + width, vec![(width, bits, 32_767), (3, [4, 8, 12, 16][width % 4], 0)]));
    }
    for (rows, units) in [(1, 1), (3, 16), (97, 64), (130, 48), (700, 16), (40, 256)] {
        shapes.push((rows, vec![(units, 8, 4_095), (16, 8, 32_767), (16, 12, 32_767), (1, 12, 0)]));
    }
    for classes in [1, 2, 5, 64] {
        shapes.push((50, vec![(16, 4, 1_000), (24, 16, 77), (classes, 4, 0)]));
    }
    shapes.push((33, vec![(1, 8, 0)]));
    shapes.push((300, vec![(512, 8, 255), (512, 8, 1_023), (9, 4, 0)]));
    shapes.push((20, vec![(1_024, 4, 31), (1_024, 8, 63), (2, 8, 0)]));
    shapes.push((65_535, vec![(4, 8, 32_767), (16, 12, 32_767), (1, 12, 0)]));
    shapes.push((30_000, vec![(16, 8, 32_767), (16, 12, 32_767), (1, 12, 0)]));
    let mut models: Vec<_> = shapes.into_iter().map(|(rows, shapes)| (rows, shapes, Shifts::Mixed)).collect();
    for (rows, classes) in [(1, 1), (80, 1), (700, 5), (2_000, 64), (30_000, 1), (32_769, 2)] {
        models.push((rows, vec![(16, 8, 32_767), (16, 12, 32_767), (classes, 12, 0)], Shifts::Trained));
    }
    let name = |rows: usize, shape: &[Shape], shifts| format!("{rows} rows, {shape:?}, {shifts:?} shifts");
    let made = models
        .iter()
        .enumerate()
        .map(|(i, (rows, s, shifts))| (name(*rows, s, *shifts), model(i as u32 + 1, *rows, s, *shifts)));
    made.collect()
}

/// Documents of rows: none, one, all, some in any order with repeats.
fn documents(rows: usize) -> Vec<Vec<u16>> {
    let mut random = Random(rows as u32 | 1);
    let mut some = |count: usize| (0..count).map(|_| random.below(rows) as u16).collect::<Vec<u16>>();
    vec![
        vec![],
        some(1),
        some(2),
        some(7),
        some(400),
        (0..rows as u16).collect(),
        (0..rows as u16).rev().step_by(3).collect(),
    ]
}

/// Of each core that is emulated, the board with the most room for models; those with the longest name are on slow lines.
fn cores() -> Vec<Board> {
    let mut boards: Vec<Board> = Board::all(None).unwrap().into_iter().filter(Board::is_emulated).collect();
    boards.sort_by_key(|board| (board.core().to_owned(), Reverse(board.model_region_len()), board.name().len()));
    boards.dedup_by_key(|board| board.core().to_owned());
    boards
}

/// A model, and where it lies in the region.
struct Placed<'f> {
    name: &'f str,
    file: &'f ModelFile,
    offset: usize,
}

/// The models that fit a board, one after the other in as few regions as hold them in this order.
fn regions<'f>(board: &Board, models: &'f [(String, ModelFile)]) -> Vec<(Vec<u8>, Vec<Placed<'f>>)> {
    let mut regions: Vec<(Vec<u8>, Vec<Placed<'f>>)> = Vec::new();
    for (name, file) in models {
        if !board.fit(&file.model().unwrap()).unwrap().fits() {
            continue;
        }
        let full = |region: &Vec<u8>| region.len() + file.bytes().len() > board.model_region_len();
        if regions.last().is_none_or(|(region, _)| full(region)) {
            regions.push(Default::default());
        }
        if let Some((region, placed)) = regions.last_mut() {
            let offset = region.len();
            placed.push(Placed { name, file, offset });
            region.extend(file.bytes());
            region.resize(region.len().next_multiple_of(ALIGNMENT), 0);
        }
    }
    regions
}

/// Asserts that every model in these regions answers on the board as on the host; how many there were.
fn answers_like_the_host(board: &Board, models: &[(String, ModelFile)]) -> usize {
    let mut scratch = Box::new(Scratch::<{ seen_words(65_535) }, 1_024>::new());
    let mut tried = 0;
    for (region, placed) in regions(board, models) {
        let mut session = Session::start(board, &region).unwrap_or_else(|error| panic!("{error}"));
        for Placed { name, file, offset } in placed {
            let model: Model<'_> = file.model().unwrap();
            let name = format!("{}: {name}", board.name());
            session.load(offset as u32, model.crc()).unwrap_or_else(|error| panic!("{name}: {error}"));
            let mut classifier = Classifier::new(&model, &mut *scratch).unwrap();
            for document in documents(model.rows()) {
                for &row in &document {
                    classifier.row(row).unwrap();
                }
                let expected = classifier.finish().values().to_vec();
                assert_eq!(session.classify_rows(&document).unwrap(), expected, "{name}, {} ids", document.len());
            }
            for row in (0..model.rows()).step_by(SELF_TEST_STRIDE) {
                classifier.row(row as u16).unwrap();
            }
            assert_eq!(session.self_test().unwrap(), classifier.finish().values(), "{name}, distinct rows");
            tried += 1;
        }
        session.finish().unwrap();
    }
    tried
}

#[test]
fn every_kernel_answers_like_the_portable_one() {
    let models = models();
    let cores = cores();
    assert!(cores.len() >= 6, "{cores:?}");
    thread::scope(|scope| {
        for board in &cores {
            let models = &models;
            scope.spawn(move || {
                let tried = answers_like_the_host(board, models);
                assert!(tried >= 40, "{}: {tried} of {} models fit", board.name(), models.len());
            });
        }
    });
}
