//! The suspicions about Fidius, tried: a release that cures one fails here, and its line goes
//! from the page.

use std::process::Command;

use peers::tried::Tried;

#[test]
fn every_suspicion_holds_and_says_what_was_seen() {
    let output = Command::new(env!("CARGO_BIN_EXE_peers"))
        .args(["claims", "--json"])
        .output()
        .expect("cargo built it");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let tried: Vec<Tried> = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    assert_eq!(tried.len(), fidius_claims::ALL.len(), "{said}");
    for (tried, claim) in tried.iter().zip(fidius_claims::ALL) {
        assert_eq!(tried.program, claim.program);
        assert!(tried.holds, "{}: {}", tried.program, tried.seen);
        assert!(!tried.seen.is_empty());
    }
}
