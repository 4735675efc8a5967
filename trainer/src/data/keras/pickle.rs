//! Pickled lists of numbers, read without ever running anything.
//!
//! A pickle is a program for a stack machine that can call any function of Python. This machine knows the opcodes
//! that a one-dimensional object array of lists of numbers needs, and of functions only the names of the three that
//! make such an array: it looks at their arguments and calls nothing. All else is refused, by name and offset. Every
//! table has a largest size, and nothing recurses.

mod global;
mod lists;

use global::Global;
pub(super) use lists::Lists;

use super::{
    member::{Fault, Member, refuse},
    opcode,
};
use rustc_hash::FxHashMap;
use std::{io::Read, ops::Range};

/// At most so many values lie on the stack. Python writes lists in pieces of 1,000.
const STACK: usize = 1 << 16;
/// At most so many lists there are, entries in the memo, and lists in lists.
const LISTS: usize = 1 << 20;
/// At most so many numbers there are.
const NUMBERS: usize = 1 << 27;
/// At most so many texts there are, tuples, and marks: a `NumPy` array has 8, 6 and 2.
const FEW: usize = 64;

/// Reads a pickle that holds one array of lists, to its last byte.
pub(super) fn read<R: Read>(member: &mut Member<R>) -> Result<Lists, Fault> {
    let mut machine = Machine::default();
    loop {
        let at = member.offset();
        let [opcode] = member.array()?;
        let done = machine.step(opcode, member).map_err(|stop| match stop {
            Stop::Fault(fault) => fault,
            Stop::Problem(problem) => Fault::Refused { offset: at, problem },
        })?;
        if done {
            return machine.lists().or_else(|problem| refuse(at, problem));
        }
    }
}

/// A value on the stack. Texts, tuples and lists lie in tables of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    None,
    Number(i64),
    Text(u8),
    Tuple(u8),
    List(u32),
    Global(Global),
    /// The type of objects, the only one there is.
    Dtype,
    /// The array, the only one there is.
    Array,
}

#[derive(Debug)]
enum List {
    Empty,
    Numbers(Range<usize>),
    Lists(Vec<u32>),
}

/// Why the machine stops before the end.
enum Stop {
    Fault(Fault),
    Problem(String),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<String> for Stop {
    fn from(problem: String) -> Self {
        Self::Problem(problem)
    }
}

impl From<&str> for Stop {
    fn from(problem: &str) -> Self {
        Self::Problem(problem.to_owned())
    }
}

#[derive(Default)]
struct Machine {
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: FxHashMap<u32, Value>,
    texts: Vec<String>,
    tuples: Vec<Vec<Value>>,
    lists: Vec<List>,
    numbers: Vec<u32>,
    /// How many lists lie in lists.
    nested: usize,
    /// Whether there is an array, and once it has contents, the list of them.
    #[allow(clippy::option_option, reason = "no array, an empty one and a filled one are three things")]
    array: Option<Option<u32>>,
}

impl Machine {
    /// Carries out one opcode, and says whether it was the last.
    fn step<R: Read>(&mut self, opcode: u8, member: &mut Member<R>) -> Result<bool, Stop> {
        match opcode {
            b'K' => self.push(Value::Number(member.array::<1>()?[0].into()))?,
            b'M' => self.push(Value::Number(u16::from_le_bytes(member.array()?).into()))?,
            b'J' => self.push(Value::Number(i32::from_le_bytes(member.array()?).into()))?,
            0x8a => self.long(member)?,
            b'(' if self.marks.len() < FEW => self.marks.push(self.stack.len()),
            b'e' => {
                let at = self.marks.pop().ok_or("APPENDS without a MARK")?;
                self.append(at)?;
            }
            b'a' => self.append(self.stack.len().saturating_sub(1))?,
            b']' => {
                self.lists.push(List::Empty);
                below(self.lists.len(), LISTS, "lists")?;
                self.push(Value::List(self.lists.len() as u32 - 1))?;
            }
            0x94 => self.remember(self.memo.len() as u32)?,
            b'q' => self.remember(member.array::<1>()?[0].into())?,
            b'r' => self.remember(u32::from_le_bytes(member.array()?))?,
            b'h' => self.recall(member.array::<1>()?[0].into())?,
            b'j' => self.recall(u32::from_le_bytes(member.array()?))?,
            b'N' => self.push(Value::None)?,
            0x88 => self.push(Value::Number(1))?,
            0x89 => self.push(Value::Number(0))?,
            b'C' | b'U' | 0x8c => {
                let length = member.array::<1>()?[0].into();
                self.text(length, member)?;
            }
            b'X' => self.text(u32::from_le_bytes(member.array()?), member)?,
            b')' => self.tuple(self.stack.len())?,
            0x85..=0x87 => self.tuple(self.stack.len().saturating_sub(usize::from(opcode - 0x84)))?,
            b't' => {
                let at = self.marks.pop().ok_or("TUPLE without a MARK")?;
                self.tuple(at)?;
            }
            b'c' => {
                let (module, name) = (member.line(b'\n')?, member.line(b'\n')?);
                let global = Global::named(&String::from_utf8_lossy(&module), &String::from_utf8_lossy(&name))?;
                self.push(Value::Global(global))?;
            }
            0x93 => self.stack_global()?,
            b'R' => self.reduce()?,
            b'b' => self.build()?,
            0x80 => match member.array()? {
                [2..=5] => {}
                [protocol] => return Err(format!("pickle protocol {protocol}; 2 to 5 are known here").into()),
            },
            // Frames tell how many bytes to read ahead, which is of no use here.
            0x95 => drop(member.array::<8>()?),
            b'.' => return Ok(true),
            _ => return Err(unknown(opcode).into()),
        }
        Ok(false)
    }

    fn push(&mut self, value: Value) -> Result<(), String> {
        self.stack.push(value);
        below(self.stack.len(), STACK, "values on the stack")
    }

    /// The value on top, as long as no mark is above it.
    fn pop(&mut self) -> Result<Value, &'static str> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err("the stack is empty where a value is needed");
        }
        self.stack.pop().ok_or("the stack is empty")
    }

    fn top(&mut self) -> Result<Value, &'static str> {
        let value = self.pop()?;
        self.stack.push(value);
        Ok(value)
    }

    /// LONG1: a number of as many bytes as are said.
    fn long<R: Read>(&mut self, member: &mut Member<R>) -> Result<(), Stop> {
        let [length] = member.array()?;
        let mut bytes = [0; 8];
        let Some(used) = bytes.get_mut(..length.into()) else {
            return Err(format!("a number of {length} bytes; at most 8 are known here").into());
        };
        member.fill(used)?;
        let unused = 64 - 8 * u32::from(length);
        let number = i64::from_le_bytes(bytes).checked_shl(unused).map_or(0, |high| high >> unused);
        Ok(self.push(Value::Number(number))?)
    }

    fn text<R: Read>(&mut self, length: u32, member: &mut Member<R>) -> Result<(), Stop> {
        if length > 255 {
            return Err(format!("a text of {length} bytes; an array of lists of numbers has none over 255").into());
        }
        let mut text = vec![0; length as usize];
        member.fill(&mut text)?;
        self.texts.push(String::from_utf8_lossy(&text).into_owned());
        below(self.texts.len(), FEW, "texts")?;
        Ok(self.push(Value::Text(self.texts.len() as u8 - 1))?)
    }

    /// Makes a tuple of the values from place `at` of the stack on.
    fn tuple(&mut self, at: usize) -> Result<(), String> {
        let items = self.take(at)?;
        below(items.len(), FEW, "values in a tuple")?;
        self.tuples.push(items);
        below(self.tuples.len(), FEW, "tuples")?;
        self.push(Value::Tuple(self.tuples.len() as u8 - 1))
    }

    /// The values from place `at` of the stack on.
    fn take(&mut self, at: usize) -> Result<Vec<Value>, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if at < floor || at > self.stack.len() {
            return Err("the stack is empty where values are needed".to_owned());
        }
        Ok(self.stack.split_off(at))
    }

    /// Appends the values from place `at` of the stack on to the list below them.
    fn append(&mut self, at: usize) -> Result<(), String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let Some(&Value::List(list)) = at.checked_sub(1).filter(|below| *below >= floor).map(|i| &self.stack[i]) else {
            return Err("values are appended to something that is no list".to_owned());
        };
        let end = self.numbers.len();
        let target = &mut self.lists[list as usize];
        for item in self.stack.drain(at..) {
            match (item, &mut *target) {
                (Value::Number(number), List::Empty | List::Numbers(_)) => {
                    let number = u32::try_from(number).map_err(|_| format!("{number} in a list of word numbers"))?;
                    self.numbers.push(number);
                }
                (Value::List(inner), List::Empty | List::Lists(_)) => {
                    self.nested += 1;
                    below(self.nested, LISTS, "lists in lists")?;
                    if let List::Lists(lists) = target { lists.push(inner) } else { *target = List::Lists(vec![inner]) }
                }
                _ => return Err("a list that is neither one of numbers nor one of lists".to_owned()),
            }
        }
        let grown = self.numbers.len();
        below(grown, NUMBERS, "numbers")?;
        match target {
            List::Numbers(span) if span.end == end => span.end = grown,
            List::Numbers(_) if grown > end => return Err("a list that goes on after another one began".to_owned()),
            List::Empty if grown > end => *target = List::Numbers(end..grown),
            List::Lists(_) if grown > end => return Err("a list of numbers and lists".to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn remember(&mut self, place: u32) -> Result<(), Stop> {
        let value = self.top()?;
        self.memo.insert(place, value);
        Ok(below(self.memo.len(), LISTS, "entries in the memo")?)
    }

    fn recall(&mut self, place: u32) -> Result<(), Stop> {
        let value = *self.memo.get(&place).ok_or_else(|| format!("nothing is in place {place} of the memo"))?;
        Ok(self.push(value)?)
    }

    fn stack_global(&mut self) -> Result<(), Stop> {
        let (name, module) = (self.pop()?, self.pop()?);
        let (Some(module), Some(name)) = (self.text_of(module), self.text_of(name)) else {
            return Err("STACK_GLOBAL without two names".into());
        };
        let global = Global::named(module, name)?;
        Ok(self.push(Value::Global(global))?)
    }

    fn text_of(&self, value: Value) -> Option<&str> {
        if let Value::Text(text) = value { self.texts.get(usize::from(text)).map(String::as_str) } else { None }
    }

    fn items(&self, value: Value) -> Option<&[Value]> {
        if let Value::Tuple(tuple) = value { self.tuples.get(usize::from(tuple)).map(Vec::as_slice) } else { None }
    }

    fn is_text(&self, value: Value, text: &str) -> bool {
        self.text_of(value) == Some(text)
    }

    /// REDUCE would call a function. Here it is recognised by its name and arguments, and what it would return is
    /// known.
    fn reduce(&mut self) -> Result<(), Stop> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let arguments = self.items(arguments).unwrap_or_default();
        let made = match (function, arguments) {
            (Value::Global(Global::Reconstruct), [Value::Global(Global::NdArray), shape, kind])
                if self.items(*shape) == Some(&[Value::Number(0)]) && self.is_text(*kind, "b") =>
            {
                if self.array.replace(None).is_some() {
                    return Err("a second array".into());
                }
                Value::Array
            }
            (Value::Global(Global::Dtype), [kind, Value::Number(0), Value::Number(1)])
                if ["O8", "O4", "O"].iter().any(|object| self.is_text(*kind, object)) =>
            {
                Value::Dtype
            }
            (Value::Global(Global::Encode), [text, encoding])
                if self.is_text(*text, "b") && self.is_text(*encoding, "latin1") =>
            {
                *text
            }
            _ => return Err("REDUCE: a call that an array of lists of numbers does not need".into()),
        };
        Ok(self.push(made)?)
    }

    /// BUILD gives the array its contents, or the type its attributes.
    fn build(&mut self) -> Result<(), Stop> {
        use Value::{Array, Dtype, List, None, Number};
        let state = self.pop()?;
        match (self.top()?, self.items(state).unwrap_or_default()) {
            (Dtype, [Number(3), order, None, None, None, Number(-1), Number(-1), Number(63)])
                if self.is_text(*order, "|") => {}
            (Array, [Number(1), shape, Dtype, Number(0 | 1), List(list)]) if self.array == Some(Option::None) => {
                let Some(&[Number(length)]) = self.items(*shape) else {
                    return Err("an array of more or less than one dimension".into());
                };
                let found = match &self.lists[*list as usize] {
                    self::List::Empty => 0,
                    self::List::Lists(lists) => lists.len(),
                    self::List::Numbers(_) => return Err("an array of numbers, not of lists".into()),
                };
                if usize::try_from(length) != Ok(found) {
                    return Err(format!("an array that states a length of {length} but holds {found} lists").into());
                }
                self.array = Some(Some(*list));
            }
            _ => return Err("BUILD: a state that an array of lists of numbers does not have".into()),
        }
        Ok(())
    }

    /// What the machine has made.
    fn lists(self) -> Result<Lists, String> {
        let (Some(Some(list)), [Value::Array], []) = (self.array, &*self.stack, &*self.marks) else {
            return Err("the pickle ends without an array of lists".to_owned());
        };
        let List::Lists(documents) = &self.lists[list as usize] else { return Ok(Lists::default()) };
        let span = |document: &u32| match &self.lists[*document as usize] {
            List::Empty => Ok(0..0),
            List::Numbers(span) => Ok(span.clone()),
            List::Lists(_) => Err("a list in a list of lists".to_owned()),
        };
        let spans = documents.iter().map(span).collect::<Result<_, _>>()?;
        Ok(Lists { numbers: self.numbers, spans })
    }
}

fn below(count: usize, limit: usize, what: &str) -> Result<(), String> {
    if count <= limit { Ok(()) } else { Err(format!("more than {limit} {what}")) }
}

/// Why an opcode is not carried out.
fn unknown(opcode: u8) -> String {
    match opcode::name(opcode) {
        Some("MARK") => format!("more than {FEW} marks"),
        Some(name) => format!("the pickle opcode {name}, which an array of lists of numbers does not need"),
        None => format!("{opcode:#04x}, which is no pickle opcode"),
    }
}

#[cfg(test)]
mod tests;
