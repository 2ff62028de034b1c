//! The channels of the real plugin, beyond the streams that are measured.

use std::path::PathBuf;

use peers::channels::{self, Arm, Channel, Way};
use peers::files::Files;
use peers::work::Work;

fn libraries(arm: Arm) -> Vec<PathBuf> {
    let executable = std::env::current_exe().expect("a test has a file");
    let folder = executable.parent().expect("a file has a folder");
    Files::in_folder(folder.to_owned()).of(arm)
}

#[test]
fn a_channel_of_no_items_ends_at_once() {
    let calls = [Channel::Client, Channel::Unary, Channel::UnaryArena];
    let all = channels::arms().filter(|arm| arm.after == 0 && calls.contains(&arm.channel));
    for arm in all {
        let mut stream = channels::open(&arm, &libraries(arm), 0).unwrap();
        let found = stream.verify(0).unwrap();
        assert_eq!(found, channels::generated(&arm, 0), "{}", arm.id());
    }
}

#[test]
fn a_plugin_that_gives_items_back_takes_no_more_of_an_endless_stream_than_are_asked_for() {
    for way in [Way::Pull, Way::Host, Way::Both, Way::Pair] {
        let arm = Arm::new(Channel::Bidi, way, channels::SIZES[0]);
        // The input has no end: this returns because items are taken one by one.
        let mut stream = channels::open(&arm, &libraries(arm), u64::MAX).unwrap();
        let found = stream.verify(300).unwrap();
        assert_eq!(found, channels::generated(&arm, 300));
    }
}

#[test]
fn one_library_answers_callbacks_with_one_kind_of_items() {
    let arm = |size| Arm::new(Channel::Callback, Way::Host, size);
    let [first, second] = [channels::SIZES[0], channels::SIZES[1]].map(arm);
    let mut stream = channels::open(&first, &libraries(first), 0).unwrap();
    assert_eq!(stream.verify(5).unwrap(), channels::generated(&first, 5));
    assert_eq!(stream.verify(0).unwrap(), channels::generated(&first, 0));
    let refused = channels::open(&second, &libraries(second), 0).err();
    let text = refused.expect("the table is bound already").to_string();
    assert!(text.contains("one kind of items"), "{text}");
}

#[test]
fn what_a_large_item_leaves_behind_changes_no_later_item() {
    for arm in channels::after() {
        let work = Work::from(arm);
        let mut stream = work.open(&libraries(arm), 300).unwrap();
        assert_eq!(
            stream.verify(300).unwrap(),
            work.expected(300),
            "{}",
            work.id()
        );
        // Nor a second stream.
        stream.drain(10).unwrap();
        assert_eq!(
            stream.verify(300).unwrap(),
            work.expected(300),
            "{}",
            work.id()
        );
    }
}
