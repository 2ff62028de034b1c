//! Every way to stream yields the generator's items: from outside, as a person
//! would ask, since some of them start the executable again.

use std::process::Command;

#[test]
fn every_peer_and_channel_has_the_items_of_the_generator() {
    let output = Command::new(env!("CARGO_BIN_EXE_peers"))
        .args(["verify", "--items", "1100"])
        .output()
        .expect("cargo built it");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let lines = String::from_utf8_lossy(&output.stdout).lines().count();
    // Three ways without decoding and with an owning producer, and one more with the latter.
    let ways = peers::peer::Peer::built().count() + 2 * 3 + 1;
    assert_eq!(lines, 5 * ways + peers::channels::arms().count());
}
