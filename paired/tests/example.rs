//! The example of the README: cargo builds it beside the tests.

use std::process::Command;

#[test]
fn the_example_finds_that_the_longer_chain_is_slower() {
    let tests = std::env::current_exe().expect("a test has an executable");
    let folder = tests
        .ancestors()
        .nth(2)
        .expect("it lies in target/PROFILE/deps");
    let output = Command::new(folder.join("examples/two_libraries"))
        .output()
        .expect("the example was built");
    let (said, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}{errors}");
    assert!(said.starts_with("longer against plain: "), "{said}");
    // One latency more in each link: nothing makes that faster, however busy the machine.
    assert!(!said.contains(": faster"), "{said}");
}
