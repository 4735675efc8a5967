//! What is left of `whole` without edgefit.
#![no_std]
#![no_main]

mod harness;

#[cortex_m_rt::entry]
fn main() -> ! {
    harness::run(<[u8]>::len)
}
