//! The functions and types that a pickle may name.

/// What may be called, and what an array and its type are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Global {
    /// `numpy._core.multiarray._reconstruct`, `numpy.core.…` before `NumPy` 2: an array without contents.
    Reconstruct,
    /// `numpy.ndarray`
    NdArray,
    /// `numpy.dtype`
    Dtype,
    /// `_codecs.encode`: how Python 3 writes the bytes `b'b'` in protocol 2.
    Encode,
}

impl Global {
    /// The function or type of this name; an error that names it if it is not one of these.
    pub(super) fn named(module: &str, name: &str) -> Result<Self, String> {
        match (module, name) {
            ("numpy._core.multiarray" | "numpy.core.multiarray", "_reconstruct") => Ok(Self::Reconstruct),
            ("numpy", "ndarray") => Ok(Self::NdArray),
            ("numpy", "dtype") => Ok(Self::Dtype),
            ("_codecs", "encode") => Ok(Self::Encode),
            _ => Err(format!(
                "the pickle asks for `{}.{}`, which a list of numbers does not need",
                module.escape_debug(),
                name.escape_debug()
            )),
        }
    }
}
