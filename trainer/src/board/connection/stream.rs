//! Many documents in a row, with the next ones under way while the board is at work on the first.
//!
//! In a stream every answer is needed, and the board can repeat only its last one. So when anything goes wrong the
//! stream ends, the document that it ended in is classified by windows, which survive any line, and another stream
//! begins. Classifying a document twice is harmless: documents do not depend on each other.

use std::{collections::VecDeque, io::Write};

use edgefit::link::{
    Request,
    frame::{self, MAX_FRAME},
};

use super::{Answer, Connection, Heard, LinkError};
use crate::board::Document;

/// A request that is under way.
struct UnderWay {
    bytes: usize,
    /// It ends a document.
    finish: bool,
}

/// The requests of many documents, one after the other.
fn requests<'d>(documents: &'d [Document<'d>]) -> impl Iterator<Item = Request<'d>> {
    documents.iter().flat_map(|document| document.requests().chain([Request::Finish]))
}

impl<W: Write> Connection<W> {
    /// The integer logits of these documents: `each` gets the number of a document and its logits, in order.
    pub(in crate::board) fn classify_documents(
        &mut self,
        documents: &[Document<'_>],
        mut each: impl FnMut(usize, Vec<i32>),
    ) -> Result<(), LinkError> {
        let mut done = 0;
        while let Some(rest) = documents.get(done..).filter(|rest| !rest.is_empty()) {
            if self.pace.under_way > 0 {
                let before = done;
                done += self.stream(rest, |offset, logits| each(before + offset, logits))?;
            }
            if let Some(document) = documents.get(done) {
                let logits = self.classify_document(*document)?;
                each(done, logits);
                done += 1;
            }
        }
        Ok(())
    }

    /// Streams until all documents are answered or something goes wrong, and returns how many were answered.
    fn stream(
        &mut self,
        documents: &[Document<'_>],
        mut each: impl FnMut(usize, Vec<i32>),
    ) -> Result<usize, LinkError> {
        let mut requests = requests(documents);
        let mut under_way = VecDeque::new();
        let mut bytes = 0;
        let mut first = self.next;
        let mut answered = 0;
        while answered < documents.len() {
            if bytes <= self.pace.under_way / 2 {
                bytes += self.top_up(&mut requests, &mut under_way, bytes)?;
            }
            let Heard::Answer { number, answer } = self.hear(self.pace.silence)? else { break };
            let Some(UnderWay { bytes: len, finish }) = under_way.pop_front().filter(|_| number == first) else {
                break;
            };
            match answer {
                Answer::Done if !finish => {}
                Answer::Logits { total, values } if finish && total == values.len() => {
                    each(answered, values);
                    answered += 1;
                }
                _ => break,
            }
            bytes -= len;
            first = first.wrapping_add(1);
        }
        self.unanswered = under_way.len();
        if answered < documents.len() {
            self.hello_again()?;
        }
        Ok(answered)
    }

    /// Sends more requests, as many as may be under way, and returns the bytes of their frames.
    fn top_up<'d>(
        &mut self,
        requests: &mut impl Iterator<Item = Request<'d>>,
        under_way: &mut VecDeque<UnderWay>,
        already: usize,
    ) -> Result<usize, LinkError> {
        self.frames.clear();
        while already + self.frames.len() + MAX_FRAME <= self.pace.under_way {
            let Some(request) = requests.next() else { break };
            let mut out = [0; MAX_FRAME];
            let len = frame::encode(self.next, &request, &mut out).map_err(|_| LinkError::Unexpected)?;
            self.frames.extend_from_slice(&out[..len]);
            under_way.push_back(UnderWay { bytes: len, finish: request == Request::Finish });
            self.next = self.next.wrapping_add(1);
        }
        self.to_board.write_all(&self.frames).map_err(|_| LinkError::Closed)?;
        Ok(self.frames.len())
    }

    /// Brings board and host in step again: what is still under way is no longer waited for.
    fn hello_again(&mut self) -> Result<(), LinkError> {
        match self.expected.clone() {
            Some((name, crc)) => self.hello(&name, crc),
            None => Err(LinkError::Unexpected),
        }
    }
}
