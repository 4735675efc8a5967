//! Downloads: one known file over HTTP, whole and verified, or not there.
//!
//! What is being received lies beside the target, as `NAME.edgefit-part`, and stays there when the download breaks off: the
//! next attempt, or the next program, asks for the rest only (a `Range` request). It gets the target's name once its
//! SHA-256 is the expected one. So the server need not be trusted, nor what it says of lengths.

mod part;
#[cfg(test)]
mod server;
#[cfg(test)]
mod tests;

use std::{fs::File, io::Read, path::Path, time::Duration};

use sha2::{Digest, Sha256};
use ureq::{
    Agent, Body,
    http::{Response, StatusCode, header},
};

use self::part::Part;
use crate::{Error, Result, files, run::hex};

/// The file to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// From where.
    pub url: &'a str,
    /// How long it is, in bytes. No byte more is received.
    pub bytes: u64,
    /// The SHA-256 that it must have.
    pub sha256: [u8; 32],
}

/// How often to try.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How many attempts in a row may bring nothing new.
    pub attempts: u32,
    /// How long to wait after the first of these; each time twice as long.
    pub pause: Duration,
}

impl Default for Patience {
    /// Five attempts, 1, 2, 4 and 8 seconds apart.
    fn default() -> Self {
        Self { attempts: 5, pause: Duration::from_secs(1) }
    }
}

/// What there is to tell on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// This many bytes are here, of all.
    At(u64),
    /// An attempt has failed, for this reason, and another one follows.
    Again(String),
}

/// How the file came to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// It was downloaded.
    Downloaded,
    /// It was there already.
    Present,
}

/// How many times a file may arrive whole and wrong: once, since the part that was there before may have been at fault.
const WRONG: u32 = 2;

/// Brings the file to `target`. `watch` hears how it goes.
///
/// # Errors
///
/// Another file at `target`; a place that cannot be written; a server that does not answer, does not have the file, or
/// has another one. What was received stays in `NAME.edgefit-part`, unless it is wrong.
pub fn fetch(wanted: &Wanted<'_>, target: &Path, patience: Patience, watch: &mut dyn FnMut(Event)) -> Result<Fetched> {
    if target.exists() {
        return present(wanted, target);
    }
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        files::create_folder(folder)?;
    }
    let mut part = Part::open(target)?;
    // Another program may have finished between the first look and the lock.
    if target.exists() {
        return present(wanted, target);
    }
    let agent = agent();
    let (mut idle, mut wrong, mut furthest) = (0, 0, part.length());
    loop {
        if part.length() >= wanted.bytes {
            if part.sha256() == wanted.sha256 {
                part.finish(target)?;
                return Ok(Fetched::Downloaded);
            }
            wrong += 1;
            part.clear()?;
            furthest = 0;
            if wrong == WRONG {
                return Err(not_the_file(wanted));
            }
            watch(Event::Again("the SHA-256 is not the expected one".to_owned()));
        }
        let why = match attempt(&agent, wanted, &mut part, watch) {
            Ok(()) if part.length() >= wanted.bytes => continue,
            Ok(()) => format!("the server ended after {} of {} bytes", part.length(), wanted.bytes),
            Err(Failure::Passing(why)) => why,
            Err(Failure::Final(error)) => return Err(error),
        };
        idle = if part.length() > furthest { 0 } else { idle + 1 };
        furthest = furthest.max(part.length());
        if idle >= patience.attempts {
            let next = match part.length() {
                0 => "check the network, name a mirror with --url, or get the file by other means".to_owned(),
                length => format!("run it again to go on after {length} bytes, or name a mirror with --url"),
            };
            return Err(Error::input(wanted.url, format!("given up after {idle} attempts: {why}"), next));
        }
        watch(Event::Again(why));
        std::thread::sleep(patience.pause * (1 << idle.saturating_sub(1).min(5)));
    }
}

/// What is at the target already must be the file; it is never overwritten.
fn present(wanted: &Wanted<'_>, target: &Path) -> Result<Fetched> {
    let mut sha256 = Sha256::new();
    File::open(target).and_then(|file| files::hash(file, &mut sha256)).map_err(Error::io("read", target))?;
    if <[u8; 32]>::from(sha256.finalize()) == wanted.sha256 {
        return Ok(Fetched::Present);
    }
    let next = "name another place with --output, or move it away first";
    Err(Error::input(target.display(), "there is another file already: its SHA-256 is not the expected one", next))
}

fn not_the_file(wanted: &Wanted<'_>) -> Error {
    let expected = hex(&wanted.sha256);
    Error::input(
        wanted.url,
        format!("what arrived is {} bytes long, but its SHA-256 is not {expected}", wanted.bytes),
        "nothing of it was kept; name a mirror with --url, or try another network: this one may change what it carries",
    )
}

/// Why an attempt has failed.
enum Failure {
    /// Another attempt may fare better.
    Passing(String),
    /// None will.
    Final(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// Proxies are taken from the environment. A server that is silent for half a minute counts as gone.
fn agent() -> Agent {
    let silence = Some(Duration::from_secs(30));
    Agent::config_builder()
        .http_status_as_error(false)
        .user_agent(concat!("edgefit/", env!("CARGO_PKG_VERSION")))
        // The bytes of the file are wanted, not those of some encoding of it.
        .accept_encoding("identity")
        .timeout_connect(silence)
        .timeout_recv_response(silence)
        .timeout_per_read(silence)
        .build()
        .into()
}

/// Asks for what is missing and receives what comes.
fn attempt(agent: &Agent, wanted: &Wanted<'_>, part: &mut Part, watch: &mut dyn FnMut(Event)) -> Result<(), Failure> {
    let mut request = agent.get(wanted.url);
    if part.length() > 0 {
        request = request.header(header::RANGE, format!("bytes={}-", part.length()));
    }
    let response = request.call().map_err(|error| failure(wanted.url, error))?;
    let mut body = accept(wanted.url, response, part)?.into_reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        watch(Event::At(part.length()));
        let missing = wanted.bytes - part.length();
        if missing == 0 {
            return Ok(());
        }
        let most = usize::try_from(missing).map_or(buffer.len(), |missing| missing.min(buffer.len()));
        match body.read(&mut buffer[..most]) {
            Ok(0) => return Ok(()),
            Ok(n) => part.append(&buffer[..n])?,
            Err(error) => return Err(Failure::Passing(format!("the connection broke off: {error}"))),
        }
    }
}

/// The body of a response that goes on where the part ends; a part that it does not go with is cleared.
fn accept(url: &str, response: Response<Body>, part: &mut Part) -> Result<Body, Failure> {
    let status = response.status();
    let passing = |why: &str| Err(Failure::Passing(format!("the server {why} (status {})", status.as_u16())));
    match status {
        // All of it, whether a part was asked for or not.
        StatusCode::OK => {
            part.clear()?;
            Ok(response.into_body())
        }
        StatusCode::PARTIAL_CONTENT if range_start(&response) == Some(part.length()) => Ok(response.into_body()),
        StatusCode::PARTIAL_CONTENT => {
            part.clear()?;
            passing("sent another part than the one asked for")
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            part.clear()?;
            passing("has nothing after what is here, so that is not of its file")
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            passing("asks to come back later")
        }
        _ if status.is_server_error() => passing("has a fault"),
        _ => {
            let reason = status.canonical_reason().unwrap_or("unknown");
            let problem = format!("the server refuses with status {} ({reason})", status.as_u16());
            Err(Failure::Final(Error::input(url, problem, "check the address, or name a mirror with --url")))
        }
    }
}

/// Where the bytes of a partial response start, as it says.
fn range_start(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.trim().strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}

fn failure(url: &str, error: ureq::Error) -> Failure {
    let next = match &error {
        ureq::Error::HostNotFound => "check the network; or get the file by other means and name it with --data",
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::InvalidProxyUrl => {
            "give --url an address such as https://host/file"
        }
        ureq::Error::TooManyRedirects | ureq::Error::RedirectFailed => "name a mirror with --url",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => {
            "the connection is not safe: check the clock and the network, or name a mirror with --url"
        }
        ureq::Error::Io(error) => return Failure::Passing(error.to_string()),
        _ => return Failure::Passing(error.to_string()),
    };
    Failure::Final(Error::input(url, error, next))
}
