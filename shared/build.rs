//! Chooses what the target has assembly for.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(scan, values(\"branchless\", \"portable\", \"thumb1\", \"thumb2\"))");
    let feature = |name: &str| env::var_os(format!("CARGO_FEATURE_{name}")).is_some();
    let target = env::var("TARGET").unwrap_or_default();
    let scan = match target.split('-').next().unwrap_or_default() {
        _ if feature("PORTABLE") => "portable",
        "thumbv7m" | "thumbv7em" | "thumbv8m.main" => "thumb2",
        "thumbv6m" | "thumbv8m.base" => "thumb1",
        "aarch64" | "x86_64" => "branchless",
        _ => "portable",
    };
    println!("cargo:rustc-cfg=scan=\"{scan}\"");
    println!("cargo:rustc-check-cfg=cfg(kernel, values(\"dsp\", \"portable\", \"thumb1\"))");
    let kernel = match scan {
        // The extension is optional there, and `target_feature = "dsp"` is unknown to stable compilers.
        "thumb2" if target.starts_with("thumbv7em") || feature("DSP") => "dsp",
        "thumb1" => "thumb1",
        _ => "portable",
    };
    println!("cargo:rustc-cfg=kernel=\"{kernel}\"");
    // The assembler asks for a core with the extension, whatever the compiler was told of the target's.
    let cpu = if target.starts_with("thumbv8m") { "cortex-m33" } else { "cortex-m4" };
    println!("cargo:rustc-env=EDGEFIT_DSP_CPU={cpu}");
}
