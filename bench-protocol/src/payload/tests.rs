//! Every payload: one wire format whatever the type that writes or reads it.

use std::mem::MaybeUninit;

use proptest::prelude::*;
use serde_wincode::SerdeCompat;

use super::*;
use crate::corpus::prepared;
use crate::size_plan::SizePlan;

/// Encodes each view, decodes it both ways and encodes what came out.
struct RoundTrip<'t> {
    seed: u64,
    table: &'t SizeTable,
}

impl PayloadVisitor for RoundTrip<'_> {
    type Output = ();
    fn visit<P: Payload>(self) {
        for &view in &prepared::<P>(self.seed, self.table).items {
            let bytes = wire::serialize(&view).unwrap();
            assert_eq!(wire::serialized_size(&view).unwrap(), bytes.len() as u64);
            let mut slice = vec![0; bytes.len()];
            wire::serialize_into(&mut slice, &view).unwrap();
            assert_eq!(slice, bytes);

            let owned: P::Owned = wire::deserialize(&bytes).unwrap();
            assert_eq!(owned, P::to_owned(view));
            assert_eq!(wire::serialize(&owned).unwrap(), bytes);
            let borrowed = P::decode_borrowed(&bytes).unwrap();
            assert_eq!(wire::serialize(&borrowed).unwrap(), bytes);

            same_bytes(&view, &bytes);
            same_bytes(&owned, &bytes);
            assert_eq!(P::decode_by_wincode(&bytes).unwrap(), owned);
            let borrowed = P::borrow_by_wincode(&bytes).unwrap();
            assert_eq!(wire::serialize(&borrowed).unwrap(), bytes);
            assert!(P::decode_by_wincode(&bytes[..bytes.len() - 1]).is_err());
            assert!(P::borrow_by_wincode(&bytes[..bytes.len() - 1]).is_err());

            by_serde(&view, &bytes);
            by_serde(&owned, &bytes);

            // A shortened item is refused, never read beyond its end.
            assert!(P::decode_borrowed(&bytes[..bytes.len() - 1]).is_err());
            assert!(wire::deserialize::<P::Owned>(&bytes[..bytes.len() - 1]).is_err());
        }
    }
}

/// Encodes a value by wincode, to exactly these bytes, and into no room that is too small.
fn same_bytes(value: &impl Item, bytes: &[u8]) {
    assert_eq!(value.encoded_len(), Some(bytes.len()));
    let mut room = vec![MaybeUninit::new(0xee); bytes.len() + 1];
    assert_eq!(value.encode_to(&mut room), Some(bytes.len()));
    // SAFETY: every byte was initialised above.
    let written: Vec<u8> = room
        .iter()
        .map(|byte| unsafe { byte.assume_init() })
        .collect();
    assert_eq!(&written[..bytes.len()], bytes);
    assert_eq!(written[bytes.len()], 0xee);
    assert_eq!(value.encode_to(&mut room[..bytes.len() - 1]), None);
}

/// Encodes a value by wincode through serde's traits, to exactly these bytes.
fn by_serde<T: Serialize>(value: &T, bytes: &[u8]) {
    let written = <SerdeCompat<T> as wincode::Serialize>::serialize(value).unwrap();
    assert_eq!(written, bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_payload_survives_the_wire(
        seed: u64,
        sizes in prop::collection::vec(0u32..3000, 1..6),
    ) {
        // `f64s` holds whole numbers only; the others take any size.
        let whole = sizes.iter().map(|size| size / 8 * 8).collect();
        let whole = SizePlan::Recorded { sizes: whole }.table(seed).unwrap();
        let any = SizePlan::Recorded { sizes }.table(seed).unwrap();
        for kind in PayloadKind::ALL.into_iter().chain(PayloadKind::STREAMED) {
            let table = if kind == PayloadKind::F64s { &whole } else { &any };
            kind.dispatch(RoundTrip { seed, table });
        }
    }
}

#[test]
fn items_of_one_size_differ() {
    let table = SizePlan::Constant { bytes: 64 }.table(1).unwrap();
    let items = &prepared::<BytesPayload>(1, &table).items;
    let different: std::collections::HashSet<_> = items.iter().collect();
    assert!(different.len() > items.len() / 2, "{}", different.len());
}

#[test]
fn content_bytes_are_those_asked_for() {
    let table = SizePlan::Constant { bytes: 128 }.table(1).unwrap();
    let record = RecordPayload::to_owned(prepared::<RecordPayload>(1, &table).items[0]);
    let tags: usize = record.tags.iter().map(String::len).sum();
    assert_eq!(16 + record.message.len() + tags, 128);
    assert_eq!(prepared::<BytesPayload>(1, &table).items[0].len(), 128);
    assert_eq!(prepared::<F64s>(1, &table).items[0].len(), 16);
}

#[test]
fn a_column_with_an_absurd_length_is_refused() {
    let mut bytes = u64::MAX.to_le_bytes().to_vec();
    bytes.extend([0; 64]);
    assert!(F64s::decode_borrowed(&bytes).is_err());
    assert!(F64s::decode_borrowed(&[1, 2, 3]).is_err());
}

#[test]
fn wincode_refuses_a_length_above_the_memory_limit_before_it_allocates() {
    let mut bytes = u64::MAX.to_le_bytes().to_vec();
    bytes.extend([0; 64]);
    assert!(BytesPayload::decode_by_wincode(&bytes).is_err());
    assert!(BytesPayload::borrow_by_wincode(&bytes).is_err());
    assert!(F64s::decode_by_wincode(&bytes).is_err());
    let error = crate::error::PluginError::new("CODE", "a sentence");
    same_bytes(&error, &wire::serialize(&error).unwrap());
}

#[test]
fn a_message_is_json_of_exactly_the_size_asked_for() {
    let sizes = vec![0, 1, 2, 68, 69, 200, 2048];
    let table = SizePlan::Recorded {
        sizes: sizes.clone(),
    }
    .table(1)
    .unwrap();
    let messages = Message::prepare(7, &table);
    let found: Vec<usize> = messages.iter().map(|text| text.len()).collect();
    assert_eq!(
        found,
        sizes.iter().map(|&size| size as usize).collect::<Vec<_>>()
    );
    assert!(messages[5].starts_with("{\"id\":\"") && messages[5].ends_with("\"}"));
}

#[test]
fn a_text_by_wincode_may_be_any_text_and_nothing_else() {
    for text in ["", "a", "grüße", "漢字 and ASCII", "\u{0}"] {
        let bytes = wire::serialize(&text).unwrap();
        assert_eq!(Message::decode_by_wincode(&bytes).unwrap().0, text);
    }
    let no_text = wire::serialize(&vec![0xff_u8, 0xfe]).unwrap();
    assert!(Message::decode_by_wincode(&no_text).is_err());
    assert!(Message::borrow_by_wincode(&no_text).is_err());
}
