//! The real plugin, by both ways to it, against the generator.

use std::path::PathBuf;

use bench_protocol::payload::PayloadKind;
use peers::fidius::{FidiusError, Plugin};
use peers::files::Files;
use peers::peer::{Arm, Peer};

/// What cargo puts beside this test.
fn files() -> Files {
    let executable = std::env::current_exe().expect("a test has a file");
    Files::in_folder(executable.parent().expect("a file has a folder").to_owned())
}

fn plugin_file() -> PathBuf {
    files()
        .of(&Arm::new(Peer::Fidius, PayloadKind::U64, 8))
        .remove(0)
}

#[test]
fn lent_and_owned_items_are_those_of_the_generator_by_both_ways() {
    for payload in PayloadKind::ALL {
        for peer in [Peer::FidiusRaw, Peer::Fidius] {
            let arm = Arm::new(peer, payload, 100);
            for arm in [arm, arm.owned()] {
                let mut stream = arm.open(&files().of(&arm), 300).unwrap();
                let found = stream.verify(300).unwrap();
                assert_eq!(found, arm.expected(300), "{}", arm.id());
            }
        }
    }
}

#[test]
fn methods_are_found_by_name_and_by_number() {
    let plugin = Plugin::load(&plugin_file(), Some("PreparedItems")).unwrap();
    for (number, payload) in PayloadKind::ALL.into_iter().enumerate() {
        assert_eq!(plugin.method(payload.name()).unwrap(), number);
        assert_eq!(plugin.method(&number.to_string()).unwrap(), number);
    }
}

#[test]
fn what_there_is_not_is_answered_with_what_there_is() {
    let refused = Plugin::load(&plugin_file(), Some("Nobody")).unwrap_err();
    assert!(matches!(refused, FidiusError::NoPlugin { .. }));
    let text = refused.to_string();
    assert!(
        text.contains("OwnedItems") && text.contains("PreparedItems"),
        "{text}"
    );
    let plugin = Plugin::load(&plugin_file(), Some("OwnedItems")).unwrap();
    let text = plugin.method("nothing").unwrap_err().to_string();
    assert!(
        text.ends_with("there is: u64, record, bytes, blob, f64s"),
        "{text}"
    );
}
