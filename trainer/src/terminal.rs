//! What goes to a terminal. Labels, names and words come from files that anybody may have written, and a terminal obeys the
//! control characters in them.

use std::{borrow::Cow, fmt::Display};

/// Text as it may go to a terminal: control characters, but newlines and tabs, are written as `\u001b`, which is what JSON
/// means by it too, so that JSON stays what it was.
///
/// ```
/// use edgefit_trainer::terminal::printable;
///
/// assert_eq!(printable("\x1b]0;a title\x07\n"), "\\u001b]0;a title\\u0007\n");
/// ```
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_obeyed = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(is_obeyed) {
        return text.into();
    }
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        if is_obeyed(c) {
            printable.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            printable.push(c);
        }
    }
    printable.into()
}

/// Says a line on stderr.
pub fn say(line: impl Display) {
    eprintln!("{}", printable(&line.to_string()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_spelt_out_and_all_else_stays() {
        let text = "a\tb\n\u{e9} \u{2019} \u{1f600}";
        assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        assert_eq!(printable("\r\x1b[2J\x7f\u{9b}31m"), "\\u000d\\u001b[2J\\u007f\\u009b31m");
    }

    #[test]
    fn json_stays_what_it_was() {
        let label = "\x1b]0;\u{9b}\x7f\"";
        let json = serde_json::to_string(label).unwrap();
        assert_eq!(serde_json::from_str::<String>(&printable(&json)).unwrap(), label);
    }
}
