//! Many documents in a row, with the next ones under way while the board is at work on the first.
//!
//! In a stream every answer is needed, and the board can repeat only its last one. So when anything goes wrong the
//! stream ends, the document that it ended in is classified by windows, which survive any line, and another stream
//! begins. Classifying a document twice is harmless: documents do not depend on each other.

use std::{collections::VecDeque, io::Write};

use edgefit::link::{
    MAX_CHUNK, Request,
    frame::{self, MAX_FRAME},
};

use super::{Answer, Connection, Heard, LinkError};

/// A request that is under way.
struct UnderWay {
    bytes: usize,
    /// It ends a document.
    finish: bool,
}

/// The requests of many texts, one after the other.
struct Requests<'t> {
    texts: &'t [&'t [u8]],
    rest: Option<&'t [u8]>,
}

impl<'t> Iterator for Requests<'t> {
    type Item = Request<'t>;

    fn next(&mut self) -> Option<Request<'t>> {
        let (text, later) = self.texts.split_first()?;
        let rest = self.rest.unwrap_or(text);
        if rest.is_empty() {
            (self.texts, self.rest) = (later, None);
            return Some(Request::Finish);
        }
        let (chunk, rest) = rest.split_at(rest.len().min(MAX_CHUNK));
        self.rest = Some(rest);
        Some(Request::Text(chunk))
    }
}

impl<W: Write> Connection<W> {
    /// The integer logits of these texts: `each` gets the number of a text and its logits, in order.
    pub(in crate::board) fn classify_texts(
        &mut self,
        texts: &[&[u8]],
        mut each: impl FnMut(usize, Vec<i32>),
    ) -> Result<(), LinkError> {
        let mut done = 0;
        while let Some(rest) = texts.get(done..).filter(|rest| !rest.is_empty()) {
            if self.pace.under_way > 0 {
                let before = done;
                done += self.stream(rest, |offset, logits| each(before + offset, logits))?;
            }
            if let Some(text) = texts.get(done) {
                let logits = self.classify_text(text)?;
                each(done, logits);
                done += 1;
            }
        }
        Ok(())
    }

    /// Streams until all texts are answered or something goes wrong, and returns how many were answered.
    fn stream(&mut self, texts: &[&[u8]], mut each: impl FnMut(usize, Vec<i32>)) -> Result<usize, LinkError> {
        let mut requests = Requests { texts, rest: None };
        let mut under_way = VecDeque::new();
        let mut bytes = 0;
        let mut first = self.next;
        let mut answered = 0;
        while answered < texts.len() {
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
        if answered < texts.len() {
            self.hello_again()?;
        }
        Ok(answered)
    }

    /// Sends more requests, as many as may be under way, and returns the bytes of their frames.
    fn top_up(
        &mut self,
        requests: &mut Requests<'_>,
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
