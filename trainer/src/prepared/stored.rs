//! What is kept of a dataset: the file that the cache holds.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Prepared, vocabulary_size};
use crate::{
    Result,
    cache::Cache,
    data::{Corpus, Inputs, Source},
    run::{DatasetInfo, Protocol, hex},
};

/// The folder in the cache.
const KIND: &str = "corpora";

/// The version of all that makes an entry from texts, and of its layout. A test pins the bytes of one, and fails where
/// this number should have been raised.
const LAYOUT: u32 = 4;

/// What must be equal for an entry to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    layout: u32,
    tokeniser: u16,
    /// The source, see [`fingerprint`](crate::data::fingerprint).
    source: [u8; 32],
    /// The size of the vocabulary.
    vocabulary: u32,
    /// How the data is used: which documents fit.
    protocol: Protocol,
}

impl Key {
    fn of(print: [u8; 32], source: &Source, protocol: Protocol) -> Self {
        let tokeniser = source.tokeniser().version();
        Self { layout: LAYOUT, tokeniser, source: print, vocabulary: vocabulary_size(source) as u32, protocol }
    }

    /// The name of the entry. The layout is not in it, so that a new one takes the place of an old one.
    fn name(&self) -> String {
        let mut sha256 = Sha256::new();
        sha256.update(self.source);
        sha256.update(self.vocabulary.to_le_bytes());
        sha256.update(self.tokeniser.to_le_bytes());
        sha256.update(self.protocol.name());
        hex(&sha256.finalize()[..16])
    }
}

/// The front of an entry. The corpora follow: to fit, to test, held out if any.
#[derive(Serialize, Deserialize)]
struct Front {
    key: Key,
    info: DatasetInfo,
    inputs: Inputs,
}

/// What the cache has of the source with this fingerprint, which the user now calls `source`.
pub(super) fn find(cache: &Cache, print: [u8; 32], protocol: Protocol, source: &Source) -> Option<Prepared> {
    let key = Key::of(print, source, protocol);
    decode(&cache.read(KIND, &key.name())?, key, source)
}

/// Keeps what was made of the source with this fingerprint.
pub(super) fn keep(cache: &Cache, print: [u8; 32], prepared: &Prepared) -> Result<()> {
    if cache.folder().is_none() {
        return Ok(());
    }
    let key = Key::of(print, &prepared.info.source(), prepared.protocol);
    cache.write(KIND, &key.name(), &encode(key, prepared))
}

fn encode(key: Key, prepared: &Prepared) -> Vec<u8> {
    // Borrowed, it encodes as the owned one does.
    #[derive(Serialize)]
    struct Borrowed<'a>(Key, &'a DatasetInfo, &'a Inputs);
    let front = Borrowed(key, &prepared.info, &prepared.inputs);
    let mut bytes = postcard::to_stdvec(&front).expect("plain data in memory always encodes");
    prepared.train.encode(&mut bytes);
    prepared.test.encode(&mut bytes);
    if let Some(held_out) = &prepared.held_out {
        held_out.encode(&mut bytes);
    }
    bytes
}

fn decode(bytes: &[u8], expected: Key, source: &Source) -> Option<Prepared> {
    // The key alone first: in another layout, nothing can be said of what follows it.
    let (key, _) = postcard::take_from_bytes::<Key>(bytes).ok()?;
    if key != expected {
        return None;
    }
    let (Front { info, inputs, .. }, mut rest) = postcard::take_from_bytes(bytes).ok()?;
    let mut corpus = || Corpus::decode(&mut rest, inputs.rows(), info.labels.len());
    let (train, test) = (Arc::new(corpus()?), corpus()?);
    let held_out = match key.protocol {
        Protocol::Article => None,
        Protocol::HeldOut => Some(corpus()?),
    };
    // What has an empty part is refused where it is made, with the reason.
    let is_empty = train.is_empty() || test.is_empty() || held_out.as_ref().is_some_and(Corpus::is_empty);
    let whole =
        rest.is_empty() && !is_empty && train.len() == info.train_documents && test.len() == info.test_documents;
    let info = DatasetInfo { source: source.data.clone(), reading: source.reading.clone(), ..info };
    let protocol = key.protocol;
    whole.then(|| Prepared { protocol, info, inputs, train, held_out, test, dataset: OnceLock::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Dataset;

    fn prepared() -> Prepared {
        Prepared::make(Dataset::open("synthetic:50").unwrap(), &"synthetic:50".into(), Protocol::HeldOut).unwrap()
    }

    #[test]
    fn the_bytes_of_an_entry_are_pinned() {
        let bytes = encode(Key::of([7; 32], &"x".into(), Protocol::HeldOut), &prepared());
        let sha256 = hex(&Sha256::digest(&bytes)[..8]);
        assert_eq!(
            (LAYOUT, sha256.as_str()),
            (4, "e3c9556a62157d50"),
            "the corpora, the vocabulary or their layout are not what they were: raise LAYOUT, then pin the new bytes"
        );
    }

    #[test]
    fn an_entry_of_another_version_source_or_vocabulary_is_none() {
        let prepared = prepared();
        let key = Key::of([7; 32], &"x".into(), Protocol::HeldOut);
        let others = [
            Key { layout: LAYOUT + 1, ..key },
            Key { tokeniser: key.tokeniser + 1, ..key },
            Key { source: [8; 32], ..key },
            Key { vocabulary: key.vocabulary - 1, ..key },
            Key { protocol: Protocol::Article, ..key },
        ];
        assert!(decode(&encode(key, &prepared), key, &"x".into()).is_some());
        for other in others {
            assert!(decode(&encode(other, &prepared), key, &"x".into()).is_none(), "{other:?}");
        }
        assert_eq!(others[0].name(), key.name(), "an older entry makes way");
        assert!(others[1..4].iter().all(|other| other.name() != key.name()));
    }

    #[test]
    fn an_entry_with_an_empty_part_is_none() {
        let key = Key::of([7; 32], &"x".into(), Protocol::HeldOut);
        let whole = prepared();
        let none = whole.train.subset(&[]);
        let held_out = Prepared { held_out: Some(none.clone()), ..prepared() };
        let info = DatasetInfo { test_documents: 0, ..whole.info.clone() };
        let test = Prepared { test: none.clone(), info, ..prepared() };
        let info = DatasetInfo { train_documents: 0, ..whole.info.clone() };
        let train = Prepared { train: Arc::new(none), info, ..prepared() };
        for empty in [held_out, test, train] {
            assert!(decode(&encode(key, &empty), key, &"x".into()).is_none());
        }
    }

    #[test]
    fn bytes_that_are_no_entry_are_none() {
        let key = Key::of([7; 32], &"x".into(), Protocol::HeldOut);
        let mut bytes = encode(key, &prepared());
        for length in (0..bytes.len()).step_by(97) {
            assert!(decode(&bytes[..length], key, &"x".into()).is_none(), "{length} bytes");
        }
        bytes.push(0);
        assert!(decode(&bytes, key, &"x".into()).is_none());
    }
}
