//! Requests to a board and the answers to them.

use edgefit::link::{
    Board, Request, Response,
    frame::{self, MAX_FRAME},
};

/// The logit of the golden model for this text, as `golden.rs` pins it.
pub(crate) const FILM: (&[u8], i32) = (b"A truly WONDERFUL film", 3_668);

/// A request as the body of a frame, without its zero byte.
pub(crate) fn framed(number: u16, request: &Request<'_>) -> Vec<u8> {
    let mut out = [0; MAX_FRAME];
    let len = frame::encode(number, request, &mut out).unwrap();
    assert_eq!(out[len - 1], 0);
    out[..len - 1].to_vec()
}

/// Sends the body of a frame and passes on the one answer to it.
pub(crate) fn send<T>(board: &mut Board<'_, '_, '_>, body: &[u8], read: impl FnOnce(u16, Response<'_>) -> T) -> T {
    let mut answer = board.handle(&mut body.to_vec()).to_vec();
    assert_eq!(answer.pop(), Some(0), "each frame is answered by one whole frame");
    assert!(!answer.contains(&0));
    let (number, response) = frame::decode(&mut answer).unwrap();
    read(number, response)
}

/// Sends a request and expects this answer under the same number.
pub(crate) fn expect(board: &mut Board<'_, '_, '_>, number: u16, request: &Request<'_>, expected: &Response<'_>) {
    send(board, &framed(number, request), |n, response| assert_eq!((n, &response), (number, expected)));
}

pub(crate) fn logits(value: i32) -> Response<'static> {
    Response::Logits { total: 1, values: [value].into_iter().collect() }
}
