//! A server on this machine that does what servers do, the bad ones too.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

/// How to answer one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    /// As it should be: what is asked for, the part or the whole.
    Good,
    /// The whole, also where a part is asked for.
    Whole,
    /// What is asked for, but the connection ends after so many bytes of it.
    Cut(usize),
    /// What is asked for, with every bit of its first byte flipped.
    Corrupt,
    /// States a length that is less by so much, and sends that much less.
    SaysShorter(usize),
    /// States a length that is greater by so much.
    SaysLonger(usize),
    /// More bytes than the file has, and says so.
    Excess(usize),
    /// What is asked for, in chunks, so that no length is stated.
    Chunked,
    /// In chunks, but ends after so many bytes, within a chunk.
    ChunkedCut(usize),
    /// What is asked for, to the end of the connection, without a length.
    Unstated,
    /// Another part than the one that is asked for.
    OtherPart,
    /// This status.
    Status(u16),
    /// To the same server again.
    Redirect,
    /// Something that is no HTTP.
    Noise,
    /// Nothing.
    HangUp,
}

/// Serves `content`, with these replies in turn; the last one again and again.
pub(super) struct Server {
    url: String,
    address: std::net::SocketAddr,
    ranges: Arc<Mutex<Vec<Option<usize>>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn new(content: &[u8], replies: &[Reply]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (ranges, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (content, replies) = (content.to_vec(), replies.to_vec());
        let (asked, stopped) = (ranges.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            for (i, stream) in listener.incoming().enumerate() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                // A client may go away at any time.
                let _ = stream.and_then(|stream| answer(stream, &content, replies[i.min(replies.len() - 1)], &asked));
            }
        });
        Self { url: format!("http://{address}/file"), address, ranges, stop, thread: Some(thread) }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Where the ranges that were asked for start; `None` for the whole file.
    pub(super) fn ranges(&self) -> Vec<Option<usize>> {
        self.ranges.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // It waits for a connection.
        let _ = TcpStream::connect(self.address);
        self.thread.take().map(JoinHandle::join);
    }
}

fn answer(stream: TcpStream, content: &[u8], reply: Reply, asked: &Mutex<Vec<Option<usize>>>) -> std::io::Result<()> {
    let mut range = None;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        if let Some(start) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            range = start.trim().trim_end_matches('-').parse().ok();
        }
        line.clear();
    }
    asked.lock().unwrap().push(range);
    let start = range.filter(|_| reply != Reply::Whole).unwrap_or(0);
    let mut stream = stream;
    if start > content.len() || (start == content.len() && start > 0) {
        return write!(stream, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    stream.write_all(&response(&content[start..], start, content.len(), range.is_some(), reply))
}

fn response(body: &[u8], start: usize, total: usize, ranged: bool, reply: Reply) -> Vec<u8> {
    let (mut body, mut stated) = (body.to_vec(), Some(body.len()));
    let mut from = start;
    match reply {
        Reply::Status(status) => {
            return format!("HTTP/1.1 {status} X\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope").into();
        }
        Reply::Redirect => {
            return b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into();
        }
        Reply::Noise => return b"what?\r\n\r\n".into(),
        Reply::HangUp => return Vec::new(),
        Reply::Good | Reply::Whole => {}
        Reply::Cut(after) => body.truncate(after),
        Reply::Corrupt => body[0] ^= 0xff,
        Reply::SaysShorter(by) => {
            body.truncate(body.len().saturating_sub(by));
            stated = Some(body.len());
        }
        Reply::SaysLonger(by) => stated = Some(body.len() + by),
        Reply::Excess(by) => {
            body.extend(vec![b'+'; by]);
            stated = Some(body.len());
        }
        Reply::Chunked => (body, stated) = (chunked(&body, None), None),
        Reply::ChunkedCut(after) => (body, stated) = (chunked(&body, Some(after)), None),
        Reply::Unstated => stated = None,
        Reply::OtherPart => from += 1,
    }
    let is_part = ranged && reply != Reply::Whole;
    let status = if is_part { "206 Partial Content" } else { "200 OK" };
    let range = if is_part { format!("Content-Range: bytes {from}-{}/{total}\r\n", total - 1) } else { String::new() };
    let length = match stated {
        Some(length) => format!("Content-Length: {length}\r\n"),
        None if reply == Reply::Unstated => String::new(),
        None => "Transfer-Encoding: chunked\r\n".to_owned(),
    };
    let head = format!("HTTP/1.1 {status}\r\n{range}{length}Connection: close\r\n\r\n");
    [head.into_bytes(), body].concat()
}

/// The body in chunks of 1,000 bytes; where it is cut, the chunk that it is cut in has said more.
fn chunked(body: &[u8], cut: Option<usize>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut sent = 0;
    for chunk in body.chunks(1_000) {
        out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        if let Some(cut) = cut.filter(|cut| sent + chunk.len() > *cut) {
            out.extend_from_slice(&chunk[..cut - sent]);
            return out;
        }
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
        sent += chunk.len();
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}
