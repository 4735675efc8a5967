use super::{
    server::{Reply, Server},
    *,
};
use std::{fs, path::PathBuf, sync::LazyLock};
use tempfile::TempDir;

/// More than a buffer, and not the same anywhere.
static CONTENT: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..100_000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect());

const LENGTH: usize = 400_000;

/// A download from a server with these replies.
struct Download {
    folder: TempDir,
    server: Server,
    result: Result<Fetched>,
    events: Vec<Event>,
}

impl Download {
    fn of(replies: &[Reply]) -> Self {
        Self::with_part(replies, None)
    }

    /// With this in the part from an earlier time.
    fn with_part(replies: &[Reply], part: Option<&[u8]>) -> Self {
        Self::serving(&CONTENT, replies, part)
    }

    fn serving(content: &[u8], replies: &[Reply], part: Option<&[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if let Some(part) = part {
            fs::write(folder.path().join("file.edgefit-part"), part).unwrap();
        }
        let server = Server::new(content, replies);
        let mut download = Self { folder, server, result: Ok(Fetched::Present), events: Vec::new() };
        download.again();
        download
    }

    fn again(&mut self) {
        let wanted = Wanted { url: self.server.url(), bytes: LENGTH as u64, sha256: Sha256::digest(&*CONTENT).into() };
        let patience = Patience { attempts: 3, pause: Duration::ZERO };
        let events = &mut self.events;
        self.result = fetch(&wanted, &self.folder.path().join("file"), patience, &mut |event| events.push(event));
    }

    /// The file is there, and nothing else; these ranges were asked for.
    #[track_caller]
    fn succeeded(&self, ranges: &[Option<usize>]) {
        assert_eq!(*self.result.as_ref().unwrap(), Fetched::Downloaded);
        assert_eq!(self.names(), ["file"]);
        assert!(fs::read(self.folder.path().join("file")).unwrap() == *CONTENT);
        assert_eq!(self.server.ranges(), ranges);
    }

    /// There is no file, the message says this, and so many bytes are left for the next time.
    #[track_caller]
    fn failed(&self, message: &str, left: usize) {
        let error = self.result.as_ref().unwrap_err().to_string();
        assert!(error.contains(message) && error.contains(self.server.url()), "{error}");
        assert!(error.contains("\n  "), "what to do next: {error}");
        assert!(!self.folder.path().join("file").exists());
        let part = fs::read(self.folder.path().join("file.edgefit-part")).unwrap_or_default();
        assert!(part == CONTENT[..left], "{} bytes left", part.len());
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

#[test]
fn a_file_arrives_however_its_length_is_told() {
    for reply in [Reply::Good, Reply::Chunked, Reply::Unstated] {
        Download::of(&[reply]).succeeded(&[None]);
    }
}

#[test]
fn a_redirect_is_followed_and_an_endless_one_is_not() {
    Download::of(&[Reply::Redirect, Reply::Redirect, Reply::Good]).succeeded(&[None, None, None]);
    let download = Download::of(&[Reply::Redirect]);
    download.failed("redirect", 0);
    assert!(download.server.ranges().len() < 20);
}

#[test]
fn a_connection_that_is_cut_is_taken_up_again_where_it_ended() {
    let cut = Download::of(&[Reply::Cut(1), Reply::Cut(0), Reply::Cut(150_000), Reply::Good]);
    cut.succeeded(&[None, Some(1), Some(1), Some(150_001)]);
    assert_eq!(cut.events.iter().filter(|event| matches!(event, Event::Again(_))).count(), 3);
    assert_eq!(cut.events.last(), Some(&Event::At(LENGTH as u64)));
    Download::of(&[Reply::ChunkedCut(1_500), Reply::Chunked]).succeeded(&[None, Some(1_500)]);
    Download::of(&[Reply::Cut(LENGTH - 1), Reply::Good]).succeeded(&[None, Some(LENGTH - 1)]);
}

#[test]
fn as_long_as_there_is_progress_no_number_of_cuts_ends_it() {
    let mut replies = [Reply::Cut(20_000); 18];
    replies[5] = Reply::HangUp;
    replies[6] = Reply::Status(503);
    let download = Download::of(&[&replies[..], &[Reply::Good]].concat());
    assert_eq!(download.server.ranges().len(), 19);
    assert!(download.result.is_ok());
}

#[test]
fn lengths_that_are_lies_do_not_matter() {
    Download::of(&[Reply::SaysShorter(7), Reply::Good]).succeeded(&[None, Some(LENGTH - 7)]);
    Download::of(&[Reply::SaysLonger(7)]).succeeded(&[None]);
    Download::of(&[Reply::Excess(1_000_000)]).succeeded(&[None]);
    let download = Download::of(&[Reply::SaysShorter(300_000)]);
    download.failed("given up after 3 attempts: the server ended after 100000 of 400000 bytes", 100_000);
}

#[test]
fn corrupt_bytes_are_thrown_away_and_fetched_again_once() {
    Download::of(&[Reply::Corrupt, Reply::Good]).succeeded(&[None, None]);
    Download::of(&[Reply::Cut(1_000), Reply::Corrupt, Reply::Good]).succeeded(&[None, Some(1_000), None]);
    let download = Download::of(&[Reply::Corrupt]);
    download.failed("its SHA-256 is not", 0);
    assert!(download.names().is_empty());
    assert_eq!(download.server.ranges(), [None, None]);
}

#[test]
fn a_part_from_an_earlier_time_is_gone_on_with() {
    Download::with_part(&[Reply::Good], Some(&CONTENT[..1_234])).succeeded(&[Some(1_234)]);
    Download::with_part(&[Reply::Good], Some(&CONTENT)).succeeded(&[]);
    Download::with_part(&[Reply::Good], Some(b"")).succeeded(&[None]);
}

#[test]
fn a_part_of_another_file_costs_one_more_round() {
    Download::with_part(&[Reply::Good], Some(b"something else")).succeeded(&[Some(14), None]);
    Download::with_part(&[Reply::Good], Some(&vec![b'x'; LENGTH + 5])).succeeded(&[None]);
}

#[test]
fn a_server_that_knows_no_ranges_sends_all_again() {
    Download::of(&[Reply::Cut(1_000), Reply::Whole]).succeeded(&[None, Some(1_000)]);
    Download::of(&[Reply::Cut(1_000), Reply::OtherPart, Reply::Good]).succeeded(&[None, Some(1_000), None]);
}

#[test]
fn a_server_whose_file_is_shorter_is_given_up() {
    let download = Download::serving(&CONTENT[..5_000], &[Reply::Good], None);
    download.failed("given up after 3 attempts", 0);
    assert!(download.names().is_empty());
    assert_eq!(download.server.ranges(), [None, Some(5_000), None, Some(5_000)]);
}

#[test]
fn what_will_not_pass_is_not_tried_again() {
    for status in [400, 401, 403, 404, 410] {
        let download = Download::of(&[Reply::Cut(10), Reply::Status(status)]);
        download.failed(&format!("status {status}"), 10);
        assert_eq!(download.server.ranges().len(), 2);
    }
}

#[test]
fn what_may_pass_is_tried_again_and_given_up_in_the_end() {
    for reply in
        [Reply::Status(500), Reply::Status(503), Reply::Status(429), Reply::Status(408), Reply::HangUp, Reply::Noise]
    {
        Download::of(&[reply, reply, Reply::Good]).succeeded(&[None, None, None]);
        let mut download = Download::of(&[Reply::Cut(10), reply, reply, reply, Reply::Good]);
        download.failed("given up after 3 attempts", 10);
        download.again();
        download.succeeded(&[None, Some(10), Some(10), Some(10), Some(10)]);
    }
}

#[test]
fn a_file_that_is_there_is_not_fetched_and_another_one_not_overwritten() {
    let mut download = Download::of(&[Reply::Good]);
    download.again();
    assert_eq!(*download.result.as_ref().unwrap(), Fetched::Present);
    assert_eq!(download.server.ranges(), [None]);
    let path = download.folder.path().join("file");
    fs::write(&path, "mine").unwrap();
    download.again();
    let error = download.result.as_ref().unwrap_err().to_string();
    assert!(error.contains("another file already"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    assert_eq!(download.server.ranges(), [None]);
}

#[test]
fn a_file_that_comes_to_be_there_meanwhile_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (target, server) = (folder.path().join("file"), Server::new(&CONTENT, &[Reply::Good]));
    let wanted = Wanted { url: server.url(), bytes: LENGTH as u64, sha256: Sha256::digest(&*CONTENT).into() };
    let error = fetch(&wanted, &target, Patience::default(), &mut |_| fs::write(&target, "mine").unwrap()).unwrap_err();
    assert!(error.to_string().contains(&*target.to_string_lossy()), "{error}");
    assert_eq!(fs::read(&target).unwrap(), b"mine");
    assert!(fs::read(folder.path().join("file.edgefit-part")).unwrap() == *CONTENT, "what has arrived is kept");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_part_is_not_followed() {
    let mut download = Download::of(&[Reply::Status(404)]);
    let (part, mine) = (download.folder.path().join("file.edgefit-part"), download.folder.path().join("mine"));
    fs::write(&mine, "mine").unwrap();
    std::os::unix::fs::symlink(&mine, &part).unwrap();
    download.again();
    let error = download.result.as_ref().unwrap_err().to_string();
    assert!(error.contains("file.edgefit-part: this is no file"), "{error}");
    assert_eq!(fs::read(&mine).unwrap(), b"mine");
}

#[test]
fn one_program_at_a_time_receives_a_file() {
    let mut download = Download::of(&[Reply::Cut(10), Reply::Status(404)]);
    let part: PathBuf = download.folder.path().join("file.edgefit-part");
    let other = File::options().write(true).open(&part).unwrap();
    other.lock().unwrap();
    download.again();
    let error = download.result.as_ref().unwrap_err().to_string();
    assert!(error.contains("another program") && error.contains("file.edgefit-part"), "{error}");
    assert_eq!(download.server.ranges().len(), 2);
}

#[test]
fn an_address_that_is_none_is_refused_and_no_server_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new/file");
    let patience = Patience { attempts: 2, pause: Duration::ZERO };
    let attempt = |url| {
        let wanted = Wanted { url, bytes: 1, sha256: [0; 32] };
        fetch(&wanted, &target, patience, &mut |_| ()).unwrap_err().to_string()
    };
    for url in ["not an address", "", "ftp://127.0.0.1/file"] {
        let error = attempt(url);
        assert!(error.contains("https://host/file"), "{error}");
    }
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/file", listener.local_addr().unwrap());
    drop(listener);
    assert!(attempt(&url).contains("given up after 2 attempts"));
}
