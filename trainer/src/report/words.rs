//! Numbers as the report writes them.

use crate::evidence::Interval;

/// An estimate with its interval; it breaks before the bracket, if anywhere.
pub(super) fn interval(interval: &Interval) -> String {
    interval.to_string().replace(", ", ",\u{a0}")
}

/// A number with a comma between thousands.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The same of a number that is rounded first; none below 0.
pub(super) fn rounded(number: f64) -> String {
    thousands(number.round() as usize)
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [others @ .., last] => {
            let others: Vec<&str> = others.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", others.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!([0, 999, 1_000, 25_000, 1_234_567].map(thousands), ["0", "999", "1,000", "25,000", "1,234,567"]);
        assert_eq!(rounded(2_299.6), "2,300");
    }

    #[test]
    fn lists_and_intervals() {
        assert_eq!([&["l1"][..], &["l1", "l2"], &["a", "b", "c"]].map(list), ["l1", "l1 and l2", "a, b and c"]);
        let text = interval(&Interval { points: -0.001, low: -1.234, high: 2.0 });
        assert_eq!(text, "+0.00 [-1.23,\u{a0}+2.00]");
    }
}
