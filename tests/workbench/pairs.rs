//! The pair that cargo built with the tests, and one that does not fit.

use std::fs;
use std::path::PathBuf;

use arena_bench::pair::PairFiles;
use bench_protocol::api::{ABI_VERSION, GUEST_MAGIC};

/// Folder of the pair that was built with the tests.
pub fn folder() -> PathBuf {
    let files = PairFiles::find(None).expect("cargo builds the pair with the tests");
    let folder = files.guest.parent().expect("a file lies in a folder");
    folder.to_owned()
}

/// The guest's file with another ABI version: the table's header stands in the file as
/// it stands in memory, so it is this guest with another number there.
pub fn guest_of_the_next_abi() -> Vec<u8> {
    let mut guest = fs::read(PairFiles::in_folder(&folder()).guest).expect("the guest is there");
    let magic = GUEST_MAGIC.to_le_bytes();
    let at = guest
        .windows(magic.len())
        .position(|window| window == magic)
        .expect("the guest has a table");
    let version = at + magic.len();
    guest[version..version + 4].copy_from_slice(&(ABI_VERSION + 1).to_le_bytes());
    guest
}
