//! The real plugin, by both ways to it, against the generator.

use std::path::{Path, PathBuf};

use bench_protocol::payload::PayloadKind;
use peers::fidius::interface::Interface;
use peers::fidius::{FidiusError, Kind, Plugin, describe};
use peers::files::Files;
use peers::peer::{Arm, Peer};

/// The source of the plugin's interfaces.
const INTERFACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fidius-interface/src/lib.rs");

/// What cargo puts beside this test.
fn files() -> Files {
    let executable = std::env::current_exe().expect("a test has a file");
    Files::in_folder(executable.parent().expect("a file has a folder").to_owned())
}

fn plugin_file() -> PathBuf {
    files()
        .of(Arm::new(Peer::Fidius, PayloadKind::U64, 8))
        .remove(0)
}

#[test]
fn lent_and_owned_items_are_those_of_the_generator_by_both_ways() {
    for payload in PayloadKind::ALL {
        for peer in [Peer::FidiusRaw, Peer::Fidius] {
            let arm = Arm::new(peer, payload, 100);
            for arm in [arm, arm.owned()] {
                let mut stream = arm.open(&files().of(arm), 300).unwrap();
                let found = stream.verify(300).unwrap();
                assert_eq!(found, arm.expected(300), "{}", arm.id());
            }
        }
    }
}

#[test]
fn the_methods_of_the_payloads_are_the_first_and_in_the_order_of_their_numbers() {
    for plugin in ["PreparedItems", "OwnedItems"] {
        let all = describe::library(&plugin_file()).unwrap();
        let mut plugin = describe::pick(all, &plugin_file(), Some(plugin)).unwrap();
        plugin.learn(&Interface::read(Path::new(INTERFACE), &plugin.interface).unwrap());
        for (number, payload) in PayloadKind::ALL.into_iter().enumerate() {
            assert_eq!(plugin.stream(payload.name()).unwrap(), number);
            assert_eq!(plugin.methods[number].kind, Some(Kind::ServerStream));
        }
    }
}

#[test]
fn a_plugin_that_is_not_there_is_answered_with_those_that_are() {
    let refused = Plugin::load(&plugin_file(), "Nobody", &[]).unwrap_err();
    assert!(matches!(refused, FidiusError::NoPlugin { .. }));
    let text = refused.to_string();
    assert!(
        text.contains("OwnedItems") && text.contains("PreparedItems"),
        "{text}"
    );
}
