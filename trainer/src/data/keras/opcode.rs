//! The names of pickle's opcodes, as Python's `pickletools` has them.

/// The name of an opcode, if it is one of protocols 0 to 5.
pub(super) fn name(opcode: u8) -> Option<&'static str> {
    let names = "\
        ( MARK|. STOP|0 POP|1 POP_MARK|2 DUP|F FLOAT|I INT|J BININT|K BININT1|L LONG|M BININT2|N NONE|P PERSID|\
        Q BINPERSID|R REDUCE|S STRING|T BINSTRING|U SHORT_BINSTRING|V UNICODE|X BINUNICODE|a APPEND|b BUILD|c GLOBAL|\
        d DICT|} EMPTY_DICT|e APPENDS|g GET|h BINGET|i INST|j LONG_BINGET|l LIST|] EMPTY_LIST|o OBJ|p PUT|q BINPUT|\
        r LONG_BINPUT|s SETITEM|t TUPLE|) EMPTY_TUPLE|u SETITEMS|G BINFLOAT|B BINBYTES|C SHORT_BINBYTES";
    // From 0x80 on without a gap.
    let numbered = "\
        PROTO NEWOBJ EXT1 EXT2 EXT4 TUPLE1 TUPLE2 TUPLE3 NEWTRUE NEWFALSE LONG1 LONG4 SHORT_BINUNICODE BINUNICODE8 \
        BINBYTES8 EMPTY_SET ADDITEMS FROZENSET NEWOBJ_EX STACK_GLOBAL MEMOIZE FRAME BYTEARRAY8 NEXT_BUFFER \
        READONLY_BUFFER";
    match opcode.checked_sub(0x80) {
        Some(number) => numbered.split(' ').nth(number.into()),
        None => names.split('|').find(|entry| entry.as_bytes().first() == Some(&opcode)).map(|entry| &entry[2..]),
    }
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn the_68_opcodes_have_their_names() {
        assert_eq!((0..=u8::MAX).filter_map(name).count(), 68);
        for (opcode, expected) in [
            (b'(', "MARK"),
            (b'C', "SHORT_BINBYTES"),
            (b'i', "INST"),
            (0x80, "PROTO"),
            (0x81, "NEWOBJ"),
            (0x8a, "LONG1"),
            (0x92, "NEWOBJ_EX"),
            (0x93, "STACK_GLOBAL"),
            (0x95, "FRAME"),
            (0x98, "READONLY_BUFFER"),
        ] {
            assert_eq!(name(opcode), Some(expected));
        }
        assert!([0, b'|', b' ', 0x7f, 0x99, 0xff].into_iter().all(|byte| name(byte).is_none()));
    }
}
