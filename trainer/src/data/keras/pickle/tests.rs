use super::*;
use proptest::prelude::*;

/// `[[1, 300, 70000], [], [2]]` as `NumPy` 1.26 and 2.4 write it with Python 3, in protocols 2, 3 and 4, and as `NumPy` 1
/// wrote it with Python 2. Protocol 5 differs from 4 in its number alone.
const WRITTEN: [&[u8]; 5] = [
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02c_codecs\nencode\nq\x03X\
      \x01\x00\x00\x00bq\x04X\x06\x00\x00\x00latin1q\x05\x86q\x06Rq\x07\x87q\x08Rq\t(K\x01K\x03\x85q\ncnumpy\ndtype\nq\
      \x0bX\x02\x00\x00\x00O8q\x0c\x89\x88\x87q\rRq\x0e(K\x03X\x01\x00\x00\x00|q\x0fNNNJ\xff\xff\xff\xffJ\xff\xff\xff\
      \xffK?tq\x10b\x89]q\x11(]q\x12(K\x01M,\x01Jp\x11\x01\x00e]q\x13]q\x14K\x02aetq\x15b.",
    b"\x80\x03cnumpy._core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02C\x01bq\x03\x87q\x04Rq\
      \x05(K\x01K\x03\x85q\x06cnumpy\ndtype\nq\x07X\x02\x00\x00\x00O8q\x08\x89\x88\x87q\tRq\n(K\x03X\x01\x00\x00\x00|q\
      \x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tq\x0cb\x89]q\r(]q\x0e(K\x01M,\x01Jp\x11\x01\x00e]q\x0f]q\x10K\x02ae\
      tq\x11b.",
    PROTOCOL_4,
    b"\x80\x05\x95\x9e\x00\x00\x00\x00\x00\x00\x00\x8c\x15numpy.core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94\x8c\
      \x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\x03\x85\x94h\x03\x8c\x05dtype\
      \x94\x93\x94\x8c\x02O8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?t\x94b\
      \x89]\x94(]\x94(K\x01M,\x01Jp\x11\x01\x00e]\x94]\x94K\x02aet\x94b.",
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85q\x03U\x01bq\x04\x87q\x05Rq\x06\
      (K\x01\x8a\x01\x03\x85q\x07cnumpy\ndtype\nq\x08U\x02O8q\tK\x00K\x01\x87q\nRq\x0b(K\x03U\x01|q\x0cNNNJ\xff\xff\
      \xff\xffJ\xff\xff\xff\xffK?tq\rb\x89]q\x0e(]q\x0f(K\x01M,\x01\x8a\x03p\x11\x01e]q\x10]q\x11K\x02aetq\x12b.",
];

const PROTOCOL_4: &[u8] =
    b"\x80\x04\x95\x9f\x00\x00\x00\x00\x00\x00\x00\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94\x8c\
      \x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\x03\x85\x94h\x03\x8c\x05dtype\
      \x94\x93\x94\x8c\x02O8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?t\x94b\
      \x89]\x94(]\x94(K\x01M,\x01Jp\x11\x01\x00e]\x94]\x94K\x02aet\x94b.";

fn lists(bytes: &[u8]) -> Result<Vec<Vec<u32>>, Fault> {
    let lists = read(&mut Member::new(bytes))?;
    assert_eq!(lists.len(), lists.iter().len());
    Ok(lists.iter().map(<[u32]>::to_vec).collect())
}

/// The place and reason of a refusal.
fn refused(bytes: &[u8]) -> (u64, String) {
    match lists(bytes) {
        Err(Fault::Refused { offset, problem }) => (offset, problem),
        other => panic!("{other:?} of {:?}", String::from_utf8_lossy(bytes)),
    }
}

/// A pickle of an array whose contents are what `contents` leaves on the stack.
fn array(length: u8, contents: &[u8]) -> Vec<u8> {
    let head = b"\x80\x03cnumpy\x2ecore.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R(K\x01K";
    let kind = b"\x85cnumpy\ndtype\nC\x02O8\x89\x88\x87R\x89";
    [&head[..], &[length], kind, contents, b"tb."].concat()
}

#[test]
fn what_numpy_writes_is_read() {
    for bytes in WRITTEN {
        assert_eq!(lists(bytes).unwrap(), [&[1, 300, 70_000][..], &[], &[2]]);
    }
    assert_eq!(lists(&array(0, b"]")).unwrap(), [[0; 0]; 0]);
    assert_eq!(lists(&array(1, b"](](\x8a\x00\x8a\x05\xff\xff\xff\xff\x00ee")).unwrap(), [[0, u32::MAX]]);
    // A list in pieces, and one that lies there twice.
    assert_eq!(lists(&array(2, b"](](K\x05eq\0(K\x06K\x07eh\0e")).unwrap(), [[5, 6, 7], [5, 6, 7]]);
}

#[test]
fn every_truncation_is_refused() {
    for bytes in WRITTEN {
        for length in 0..bytes.len() {
            assert!(matches!(lists(&bytes[..length]), Err(Fault::Read(_))), "{length}");
        }
    }
}

#[test]
fn every_changed_byte_is_refused_or_changes_numbers_alone() {
    for bytes in WRITTEN {
        for (at, value) in (0..bytes.len()).flat_map(|at| (0..=u8::MAX).map(move |value| (at, value))) {
            let mut changed = bytes.to_vec();
            changed[at] = value;
            if let Ok(lists) = lists(&changed) {
                assert_eq!(lists.len(), 3, "byte {at} is {value:#04x}");
            }
        }
    }
}

#[test]
fn code_is_refused_by_name_and_nothing_is_run() {
    let system = "the pickle asks for `posix.system`";
    for (at, expected, bytes) in [
        // system("touch owned") by every way there is to a function.
        (2, system, &b"\x80\x02cposix\nsystem\nX\x0b\x00\x00\x00touch owned\x85R."[..]),
        (17, system, b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x0btouch owned\x85R."),
        (14, "opcode INST,", b"(C\x0btouch ownediposix\nsystem\n."),
        (1, "opcode STRING,", b"(S'touch owned'\niposix\nsystem\n."),
        (1, system, b"(cposix\nsystem\nC\x0btouch ownedo."),
        (30, "opcode OBJ,", b"(c_codecs\nencode\nC\x0btouch ownedo."),
        (16, "opcode NEWOBJ,", b"cnumpy\nndarray\n)\x81."),
        (17, "opcode NEWOBJ_EX,", b"cnumpy\nndarray\n)]\x92."),
        (0, "asks for `builtins.eval`", b"cbuiltins\neval\nC\x01x\x85R."),
        (0, "asks for `numpy.core.multiarray.scalar`", b"cnumpy.core.multiarray\nscalar\n."),
        (0, "asks for `numpy.dtype.__class__`", b"cnumpy\ndtype.__class__\n."),
        (0, "asks for `num\\u{1b}py.\u{fffd}`", b"cnum\x1bpy\n\xff\n."),
        (0, "opcode PERSID,", b"Pid\n."),
        (1, "opcode BINPERSID,", b"NQ."),
        (0, "opcode EXT1,", b"\x82\x01."),
        (0, "opcode NEXT_BUFFER,", b"\x97."),
        // Known functions with other arguments, and a state with more in it than an array has.
        (26, "REDUCE: a call", b"c_codecs\nencode\nC\x01bC\x04zlib\x86R."),
        (18, "REDUCE: a call", b"cnumpy\ndtype\nC\x02i8\x85R."),
        (17, "REDUCE: a call", b"cnumpy\nndarray\nN\x85R."),
        (3, "REDUCE: a call", b"NN\x85R."),
        (58, "REDUCE: a call", b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x05\x85U\x01b\x87R."),
        (2, "BUILD: a state", b"N]b."),
    ] {
        let (offset, problem) = refused(bytes);
        let shown = String::from_utf8_lossy(bytes);
        assert!(offset == at && problem.contains(expected), "{shown}: byte {offset}, not {at}: {problem}");
    }
    assert!(!std::path::Path::new("owned").exists());
}

#[test]
fn an_array_is_made_once_and_of_lists_of_numbers() {
    for (length, contents, expected) in [
        (2, &b"](](K\x01ee"[..], "states a length of 2 but holds 1 lists"),
        (1, b"](K\x01e", "an array of numbers, not of lists"),
        (1, b"](](](K\x01eee", "a list in a list of lists"),
        (1, b"](](Nee", "neither one of numbers nor one of lists"),
        (1, b"](K\x01]e", "a list of numbers and lists"),
        (1, b"](]K\x01e", "neither one of numbers nor one of lists"),
        (1, b"](](K\x01](K\x02eee", "a list of numbers and lists"),
        (1, b"](](J\xff\xff\xff\xffee", "-1 in a list of word numbers"),
        (1, b"](](\x8a\x05\x00\x00\x00\x00\x01ee", "4294967296 in a list of word numbers"),
        (1, b"](]q\0(K\x01e](K\x02eh\0(K\x03ee", "goes on after another one began"),
        (1, b"N", "BUILD: a state"),
        (1, b"]h\x07", "nothing is in place 7 of the memo"),
        (1, b"NK\x01a", "appended to something that is no list"),
        (1, b"]q\0h\0a", "a list in a list of lists"),
    ] {
        let (_, problem) = refused(&array(length, contents));
        assert!(problem.contains(expected), "{}: {problem}", String::from_utf8_lossy(contents));
    }
    let again = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R";
    assert!(refused(&[&again[..], again].concat()).1.contains("a second array"));
    assert!(refused(&[&again[..], b"."].concat()).1.contains("ends without an array"));
    let mut built_twice = array(0, b"]q\0");
    built_twice.truncate(built_twice.len() - 1);
    built_twice.extend(b"(K\x01K\0\x85cnumpy\ndtype\nC\x02O8\x89\x88\x87R\x89h\0tb.");
    assert!(refused(&built_twice).1.contains("BUILD: a state"));
    for (bytes, expected) in [
        (&b"."[..], "ends without an array"),
        (b"(.", "ends without an array"),
        (b"R", "the stack is empty"),
        (b"N(R", "the stack is empty"),
        (b"N(\x85", "the stack is empty"),
        (b"](a", "appended to something that is no list"),
        (b"e", "APPENDS without a MARK"),
        (b"t", "TUPLE without a MARK"),
        (b"\x94", "the stack is empty"),
        (b"NN\x93", "STACK_GLOBAL without two names"),
        (b"\x80\x01", "pickle protocol 1"),
        (b"\x80\x06", "pickle protocol 6"),
        (b"\x8a\x09", "a number of 9 bytes"),
        (b"0", "opcode POP,"),
        (b"\xff", "0xff, which is no pickle opcode"),
    ] {
        let (_, problem) = refused(bytes);
        assert!(problem.contains(expected), "{}: {problem}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn nothing_grows_without_bound() {
    for (piece, times, expected) in [
        (&b"N"[..], STACK + 1, "more than 65536 values on the stack"),
        (b"(", FEW + 1, "more than 64 marks"),
        (b")", FEW + 1, "more than 64 tuples"),
        (b"C\x01x", FEW + 1, "more than 64 texts"),
        (b"NNN\x87N", FEW + 1, "more than 64 tuples"),
    ] {
        assert_eq!(refused(&piece.repeat(times)).1, expected);
    }
    let after = |start: &[u8], piece: &[u8], times: usize| refused(&[start, &piece.repeat(times)].concat()).1;
    let thousand = |piece: &[u8], end: &[u8]| [&piece.repeat(1_000), end].concat();
    let times = LISTS / 1_000 + 1;
    assert_eq!(after(b"N", b"\x94", LISTS + 1), "more than 1048576 entries in the memo");
    assert_eq!(after(b"](", &thousand(b"]", b"e("), times), "more than 1048576 lists");
    // One list a million times, and a list in itself.
    assert_eq!(after(b"]q\0](", &thousand(b"h\0", b"e("), times), "more than 1048576 lists in lists");
    assert_eq!(after(b"]q\0(", &thousand(b"h\0", b"e("), times), "more than 1048576 lists in lists");
    // Lengths and places that are only stated take no memory.
    assert!(refused(b"X\xff\xff\xff\xff").1.contains("a text of 4294967295 bytes"));
    assert!(refused(b"Nr\xff\xff\xff\xff.").1.contains("ends without"));
    assert!(refused(&[&b"c"[..], &[b'x'; 300]].concat()).1.contains("more than 255 bytes"));
    assert!(matches!(lists(b"\x95\xff\xff\xff\xff\xff\xff\xff\x7fN"), Err(Fault::Read(_))));
    let many = [&b"("[..], &b"N".repeat(FEW + 1), b"t"].concat();
    assert_eq!(refused(&many).1, "more than 64 values in a tuple");
}

proptest! {
    #[test]
    fn no_program_panics(
        program in proptest::collection::vec(
            prop_oneof![
                4 => proptest::sample::select(&b"KMJ(eaq]\x94qrhjN\x88\x89CUX)\x85\x86\x87tc\x93Rb.\x8a"[..]),
                1 => any::<u8>(),
                2 => 0u8..4,
            ],
            0..80,
        ),
    ) {
        let _ = lists(&program);
        let _ = lists(&array(1, &program));
    }
}
