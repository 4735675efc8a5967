//! What archive and folder have in common: which names are reviews, and in which order they come.

use super::{Dataset, Split, dataset::content_sha256};
use crate::{Error, Result};

/// The folder that holds the two halves.
pub(super) const ROOT: &str = "aclImdb";
/// The folders of the two halves.
pub(super) const HALVES: [&str; 2] = ["train", "test"];
/// The folders of the two classes, which are also the classes' names.
pub(super) const CLASSES: [&str; 2] = ["neg", "pos"];
/// No review is longer than this, in bytes. The longest of IMDB has 13,704.
pub(super) const LONGEST: usize = 16 << 20;
/// All reviews together are not longer than this, in bytes: a small file can unpack to more than any memory.
const LONGEST_TOGETHER: usize = 1 << 30;

/// There are not more reviews than this, five times as many as IMDB has: empty ones, of which a small file can hold millions,
/// take memory too.
const MOST: usize = 250_000;

/// Where a review belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// Position in [`HALVES`].
    pub(super) half: usize,
    /// Position in [`CLASSES`].
    pub(super) class: usize,
    /// The file's name: `ID_RATING.txt`.
    pub(super) name: &'a str,
}

impl<'a> Place<'a> {
    /// The place of a member of an archive, or `None` if it is not a review.
    pub(super) fn of(path: &'a [u8]) -> Option<Self> {
        let path = str::from_utf8(path).ok()?;
        let mut parts = path.strip_prefix("./").unwrap_or(path).split('/');
        if parts.next() != Some(ROOT) {
            return None;
        }
        let half = parts.next()?;
        let class = parts.next()?;
        let name = parts.next()?;
        let place = Place {
            half: HALVES.iter().position(|h| *h == half)?,
            class: CLASSES.iter().position(|c| *c == class)?,
            name,
        };
        (parts.next().is_none() && is_review(name)).then_some(place)
    }
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", HALVES[self.half], CLASSES[self.class], self.name)
    }
}

/// Whether a file is named like a review: two numbers around a `_`, then `.txt`.
pub(super) fn is_review(name: &str) -> bool {
    let number = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    name.strip_suffix(".txt")
        .and_then(|stem| stem.split_once('_'))
        .is_some_and(|(id, rating)| number(id) && number(rating))
}

/// The reviews read so far, in whatever order they came.
pub(super) struct Reviews {
    /// The archive or folder, for messages.
    source: String,
    halves: [Split; 2],
    /// The file name of each document of each half.
    names: [Vec<Box<str>>; 2],
    bytes: usize,
}

impl Reviews {
    pub(super) fn new(source: String) -> Self {
        Self { source, halves: Default::default(), names: Default::default(), bytes: 0 }
    }

    /// Takes a review.
    pub(super) fn push(&mut self, place: Place<'_>, text: &[u8]) -> Result<()> {
        if text.len() > LONGEST {
            return Err(self.refuse(place, "longer than 16 MiB, so it is no review", "remove it, or make it shorter"));
        }
        self.bytes += text.len();
        if self.bytes > LONGEST_TOGETHER {
            return Err(self.refuse(place, "more than 1 GiB of reviews up to here", "use fewer reviews"));
        }
        if self.names.iter().map(Vec::len).sum::<usize>() == MOST {
            let problem = format!("more than {MOST} reviews up to here");
            return Err(self.refuse(
                place,
                &problem,
                "use fewer reviews, or put the texts into a CSV file, a row each",
            ));
        }
        self.halves[place.half].push(text, place.class as u16);
        self.names[place.half].push(place.name.into());
        Ok(())
    }

    /// An error about one review.
    pub(super) fn refuse(&self, place: Place<'_>, problem: &str, next: &str) -> Error {
        Error::input(format!("{}: {place}", self.source), problem, next)
    }

    /// The dataset, once all reviews are here. Without a hash of the source, it is known by its contents.
    pub(super) fn finish(mut self, sha256: Option<[u8; 32]>) -> Result<Dataset> {
        for half in 0..HALVES.len() {
            self.check_classes(half)?;
            self.sort(half)?;
        }
        let [train, test] = self.halves;
        Ok(Dataset {
            name: ROOT.into(),
            synthetic: false,
            sha256: sha256.unwrap_or_else(|| content_sha256(&train, &test)),
            labels: CLASSES.map(String::from).into(),
            word_index: None,
            features: None,
            notes: Vec::new(),
            train,
            test,
        })
    }

    /// A half with one class teaches nothing and tests nothing.
    fn check_classes(&self, half: usize) -> Result<()> {
        let labels = self.halves[half].labels();
        let missing = (0..CLASSES.len()).find(|class| !labels.contains(&(*class as u16)));
        missing.map_or(Ok(()), |class| {
            Err(Error::input(
                &self.source,
                format!("no reviews in {}/{}", HALVES[half], CLASSES[class]),
                "reviews are the files aclImdb/{train,test}/{neg,pos}/ID_RATING.txt, as aclImdb_v1.tar.gz has them",
            ))
        })
    }

    /// Orders a half by class, then name.
    fn sort(&mut self, half: usize) -> Result<()> {
        let (split, names) = (&self.halves[half], &self.names[half]);
        let key = |i: &usize| (split.label(*i), &names[*i]);
        let mut order: Vec<usize> = (0..split.len()).collect();
        order.sort_unstable_by_key(key);
        if let Some(pair) = order.windows(2).find(|pair| key(&pair[0]) == key(&pair[1])) {
            let place = Place { half, class: usize::from(split.label(pair[0])), name: &names[pair[0]] };
            return Err(self.refuse(place, "this review is there twice", "keep one of the two"));
        }
        self.halves[half].reorder(&order);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reviews_have_a_place() {
        let place = Place { half: 1, class: 1, name: "0_10.txt" };
        for path in ["aclImdb/test/pos/0_10.txt", "./aclImdb/test/pos/0_10.txt"] {
            assert_eq!(Place::of(path.as_bytes()), Some(place));
        }
        for path in [
            "",
            "aclImdb",
            "aclImdb/",
            "aclImdb/README",
            "aclImdb/imdb.vocab",
            "aclImdb/train/unsup/0_0.txt",
            "aclImdb/train/pos/",
            "aclImdb/train/pos/0_9.txt/",
            "aclImdb/train/pos/._0_9.txt",
            "aclImdb/train/pos/0_.txt",
            "aclImdb/train/pos/_9.txt",
            "aclImdb/train/pos/0_9.feat",
            "aclImdb/train/pos/x/0_9.txt",
            "aclImdb/valid/pos/0_9.txt",
            "/aclImdb/train/pos/0_9.txt",
            "../aclImdb/train/pos/0_9.txt",
            "other/train/pos/0_9.txt",
        ] {
            assert_eq!(Place::of(path.as_bytes()), None, "{path}");
        }
        assert_eq!(Place::of(b"aclImdb/train/pos/\xff_9.txt"), None);
    }

    #[test]
    fn reviews_together_are_bounded() {
        let mut reviews = Reviews::new("here".into());
        let place = Place { half: 0, class: 0, name: "0_1.txt" };
        reviews.bytes = LONGEST_TOGETHER - 2;
        assert!(reviews.push(place, b"ab").is_ok());
        let error = reviews.push(place, b"c").unwrap_err().to_string();
        assert!(error.starts_with("here: train/neg/0_1.txt: more than 1 GiB"), "{error}");
    }

    #[test]
    fn empty_reviews_are_bounded_too() {
        let mut reviews = Reviews::new("here".into());
        let place = Place { half: 1, class: 0, name: "0_1.txt" };
        reviews.names[0] = vec!["1_1.txt".into(); MOST - 1];
        assert!(reviews.push(place, b"").is_ok());
        let error = reviews.push(place, b"").unwrap_err().to_string();
        assert!(error.starts_with("here: test/neg/0_1.txt: more than 250000 reviews"), "{error}");
    }
}
