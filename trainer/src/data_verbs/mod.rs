//! `trainer data`: what is in a dataset, a real one to download, a synthetic one as files.

mod folder;
mod info;
mod progress;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::{
    Error, Result,
    cache::{Cache, VARIABLE},
    data::Dataset,
    fetch::{Fetched, Patience, Wanted, fetch},
};

/// A file that its distributor publishes, and where.
struct Distribution {
    /// Its name.
    file: &'static str,
    /// What to get, unless the user names another address.
    wanted: Wanted<'static>,
}

/// The IMDB reviews of Maas et al., "Learning Word Vectors for Sentiment Analysis" (ACL 2011), from the project's page
/// at Stanford. The page states no hash. Length and SHA-256 are those of a published Hugging Face `dataset_info` for
/// this address, and the SHA-256 is the same in nine other public sources.
const IMDB: Distribution = Distribution {
    file: "aclImdb_v1.tar.gz",
    wanted: Wanted {
        url: "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
        bytes: 84_125_825,
        sha256: [
            0xc4, 0x0f, 0x74, 0xa1, 0x8d, 0x3b, 0x61, 0xf9, 0x0f, 0xeb, 0xa1, 0xe1, 0x77, 0x30, 0xe0, 0xd3, 0x8e, 0x8b,
            0x97, 0xc0, 0x5f, 0xde, 0x70, 0x08, 0x94, 0x2e, 0x91, 0x92, 0x3d, 0x16, 0x58, 0xfe,
        ],
    },
};

/// Arguments of `data`.
#[derive(Debug, Args)]
pub struct DataVerbArgs {
    /// What to do.
    #[command(subcommand)]
    pub verb: DataVerb,
}

/// The verbs of `data`.
#[derive(Debug, Subcommand)]
pub enum DataVerb {
    /// Count the documents, classes and words of a dataset
    Info(InfoArgs),
    /// Download a dataset from its distributor, and print where it is
    Fetch(FetchArgs),
    /// Write the embedded synthetic corpus as files, laid out like the IMDB reviews
    Synthetic(SyntheticArgs),
}

/// Arguments of `data info`.
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// The data.
    #[command(flatten)]
    pub data: crate::cli::DataArgs,
    /// What to print.
    #[command(flatten)]
    pub print: crate::cli::OutputArgs,
}

/// Arguments of `data fetch`.
#[derive(Debug, Args)]
pub struct FetchArgs {
    /// Which dataset: `imdb`, the 50,000 film reviews of Maas et al. (84 MB)
    #[arg(value_name = "DATASET", value_parser = ["imdb"])]
    pub dataset: String,
    /// Where to write it [default: in `datasets` in the cache folder]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Get it from this mirror; its SHA-256 must be the distributor's all the same
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

/// Arguments of `data synthetic`.
#[derive(Debug, Args)]
pub struct SyntheticArgs {
    /// Where to write the files: a folder that is empty or not there
    #[arg(long, value_name = "FOLDER")]
    pub output: PathBuf,
    /// How many documents of each half
    #[arg(long, value_name = "N", default_value_t = 25_000)]
    pub documents: u32,
}

/// Carries out a verb; what comes back is for stdout.
///
/// # Errors
///
/// Bad usage or input.
pub fn run(args: &DataVerbArgs) -> Result<String> {
    match &args.verb {
        DataVerb::Info(args) => {
            let dataset = Dataset::open(&args.data)?;
            let info = info::Info::of(&dataset, &args.data);
            Ok(if args.print.json {
                serde_json::to_string_pretty(&info).expect("plain data") + "\n"
            } else {
                info.render()
            })
        }
        DataVerb::Fetch(args) => {
            let target = match &args.output {
                Some(output) => output.clone(),
                None => default_place(&Cache::of_user())?,
            };
            let wanted = Wanted { url: args.url.as_deref().unwrap_or(IMDB.wanted.url), ..IMDB.wanted };
            download(&wanted, &target)?;
            Ok(format!("{}\n", target.display()))
        }
        DataVerb::Synthetic(args) => {
            let dataset = Dataset::open(&format!("synthetic:{}", args.documents))?;
            folder::write(&dataset, &args.output)?;
            Ok(format!("{}\n", args.output.display()))
        }
    }
}

fn default_place(cache: &Cache) -> Result<PathBuf> {
    cache.folder().map(|folder| folder.join("datasets").join(IMDB.file)).ok_or_else(|| {
        let problem = format!("there is no cache folder to put it in ({VARIABLE} turns it off, or there is no home)");
        Error::usage(problem, "name a file with --output")
    })
}

fn download(wanted: &Wanted<'_>, target: &Path) -> Result<()> {
    let mut progress = progress::Download::new(wanted.bytes);
    let fetched = fetch(wanted, target, Patience::default(), &mut |event| progress.hear(&event))?;
    drop(progress);
    eprintln!(
        "{} {}, and its SHA-256 is the distributor's",
        target.display(),
        if fetched == Fetched::Present { "is there already" } else { "has arrived" },
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::hex;

    #[test]
    fn the_reviews_go_into_the_cache_folder_if_there_is_one() {
        let place = default_place(&Cache::at("/cache")).unwrap();
        assert_eq!(place, Path::new("/cache/datasets/aclImdb_v1.tar.gz"));
        let error = default_place(&Cache::off()).unwrap_err().to_string();
        assert!(error.contains("--output") && error.contains("EDGEFIT_CACHE"), "{error}");
    }

    #[test]
    fn the_pinned_hash_reads_as_it_is_published() {
        assert_eq!(hex(&IMDB.wanted.sha256), "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe");
    }
}
