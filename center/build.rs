//! Sees to it that the crate compiles before the pages have been built, and is compiled anew when they have.

use std::path::Path;

fn main() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/dist");
    // Cargo runs this script at every build while a watched folder is missing, so an empty one is made (git ignores
    // it). Where the sources are read-only this fails, and the pages are embedded as they are: none.
    let _ = std::fs::create_dir_all(&pages);
    println!("cargo:rerun-if-changed={}", pages.display());
    println!("cargo:rerun-if-changed=migrations");
}
