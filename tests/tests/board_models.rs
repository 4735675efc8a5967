//! Whatever lies in the model region, the board says what the host says of it, and never faults.

use edgefit::{Aligned, Classifier, Model, Scratch, seen_words};
use edgefit_trainer::board::{Board, Session};

static MODEL: Aligned<[u8; include_bytes!("../../shared/golden/tiny.edgefit").len()]> =
    Aligned(*include_bytes!("../../shared/golden/tiny.edgefit"));

/// The distance from one model to the next in the region.
const SLOT: usize = 512;
const TEXT: &[u8] = b"A truly wonderful film, and nobody in it is awful; the worst plot";

type Slot = [u8; SLOT];

/// A generator of our own, so that the models are the same everywhere (xorshift32, G. Marsaglia).
struct Random(u32);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize
    }
}

/// The golden model with a few bytes changed; with its CRC made right again, so that what lies deeper is looked at.
fn corrupted(random: &mut Random, kind: usize) -> Slot {
    let mut slot = [0xff; SLOT];
    slot[..MODEL.0.len()].copy_from_slice(&MODEL.0);
    // The first bytes after the prefix are the header, where most is to be decided.
    let span = if random.next().is_multiple_of(2) { 120 } else { MODEL.0.len() - 16 };
    for _ in 0..=random.next() % 3 {
        let at = 16 + random.next() % span;
        slot[at] =
            if random.next().is_multiple_of(2) { random.next() as u8 } else { slot[at] ^ 1 << (random.next() % 8) };
    }
    match kind {
        // Another length, of which the CRC may be right.
        1 => slot[8..12].copy_from_slice(&((random.next() % 700) as u32).to_le_bytes()),
        // Alien, newer, or with a reserved field.
        2 => slot[random.next() % 8] ^= 1 << (random.next() % 8),
        // Damaged: the CRC tells.
        _ => {}
    }
    let len = u32::from_le_bytes(slot[8..12].try_into().unwrap()) as usize;
    if kind > 0
        && let Some(body) = slot.get(16..len)
    {
        let crc = edgefit::format::crc32(body).to_le_bytes();
        slot[12..16].copy_from_slice(&crc);
    }
    slot
}

/// What the host says of the model at the start of a region: its CRC and its logits, or what is wrong with it.
fn verdict(region: &[u8]) -> Result<(u32, Vec<i32>), edgefit::Error> {
    let mut scratch = Scratch::<{ seen_words(65_535) }, 1_024>::new();
    let model = Model::from_region(region)?;
    let mut classifier = Classifier::new(&model, &mut scratch)?;
    classifier.text(TEXT);
    Ok((model.crc(), classifier.finish().values().to_vec()))
}

#[test]
fn three_thousand_corrupted_models_are_judged_as_on_the_host_and_never_fault() {
    let mut random = Random(2_026);
    let mut slots = vec![[0xff; SLOT]];
    slots[0][..MODEL.0.len()].copy_from_slice(&MODEL.0);
    slots.extend((0..3_000).map(|i| corrupted(&mut random, i % 6)));
    // Erased flash, as if there were no model.
    slots.push([0xff; SLOT]);
    let region = slots.concat();

    let board = Board::parse("qemu:mps2-an386").unwrap();
    let mut session = Session::start(&board, &region).unwrap();
    let (mut accepted, mut refused) = (0, std::collections::BTreeSet::new());
    for i in 0..slots.len() {
        // No model here states more than 700 bytes, so that the slots after it are enough.
        let mut rest = Aligned([0; 4 * SLOT]);
        let bytes = &region[i * SLOT..];
        let len = bytes.len().min(rest.0.len());
        rest.0[..len].copy_from_slice(&bytes[..len]);
        let expected = verdict(&rest.0);
        let crc = expected.as_ref().map_or(0, |(crc, _)| *crc);
        match (session.load((i * SLOT) as u32, crc), expected) {
            (Ok(()), Ok((_, logits))) => {
                assert_eq!(session.classify_text(TEXT).unwrap(), logits, "model {i}");
                accepted += 1;
            }
            (Err(error), Err(reason)) => {
                assert!(error.to_string().contains(reason.message()), "model {i}: {error}, the host: {reason}");
                refused.insert(reason.message());
            }
            (board, host) => panic!("model {i}: the board says {board:?}, the host {host:?}"),
        }
    }
    assert!(accepted > 100 && refused.len() >= 8, "{accepted} accepted, refused for {refused:?}");
    // It is alive and serves a sound model.
    session.load(0, Model::from_bytes(&MODEL.0).unwrap().crc()).unwrap();
    assert_eq!(session.classify_text(b"").unwrap(), [93]);
    let logs = session.finish().unwrap();
    assert!(logs.iter().any(|line| line.level == Some("error") && line.message.contains("no model to run")));
    assert!(logs.iter().all(|line| !line.message.contains("fault") && !line.message.contains("panicked")));
}
