//! The advice: what a framework should build, and what a plugin author can do today. Every number
//! in it is the record's.

use bench_record::lab::{Lab, Set};
use bench_record::wire::Environment;

use super::block::{Block, markdown, paragraph, plain};
use super::gains::{Gain, Told, measure, others, table, told};
use super::{allocators, limits, plugin};
use crate::format::{self, optional};

/// The smallest change, as our guest has it.
const SNIPPET: &str = r#"
/// The room that the host lent. bincode writes each primitive by itself; here the compiler knows
/// the length of each copy, so that it becomes one store.
struct Room<'a> {
    bytes: &'a mut [u8],
    full: bool,
}

impl std::io::Write for Room<'_> {
    #[inline(always)]
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let room = std::mem::take(&mut self.bytes);
        let Some((place, rest)) = room.split_at_mut_checked(bytes.len()) else {
            self.full = true;
            return Err(std::io::ErrorKind::WriteZero.into());
        };
        place.copy_from_slice(bytes);
        self.bytes = rest;
        Ok(())
    }
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

// In `next`, in place of `serialized_size` and `serialize_into`:
let mut room = Room { bytes: buffer, full: false };
match bincode::serialize_into(&mut room, &item) {
    Ok(()) => { *out_len = capacity - room.bytes.len() as u32; OK }
    Err(_) if room.full => {
        *out_len = bincode::serialized_size(&item)? as u32;
        pending = Some(item); // as today
        BUFFER_TOO_SMALL
    }
    Err(_) => SERIALIZATION_ERROR,
}
"#;

/// The advice as a Markdown document.
#[must_use]
pub fn advice(lab: &Lab) -> String {
    let title = "Which protocol should a framework use?";
    let mut all = vec![Block::Heading(1, title.to_owned())];
    all.extend(blocks(lab));
    markdown(&all)
}

/// The advice without its title.
#[must_use]
pub fn blocks(lab: &Lab) -> Vec<Block> {
    let heading = |text: &str| Block::Heading(2, text.to_owned());
    let told = told(lab);
    let mut all = vec![lead(lab, &told)];
    all.extend(lab.environment.as_ref().map(made));
    all.extend(doubts(lab));
    all.push(heading("For the author of a framework"));
    all.push(Block::Paragraph(format!(
        "The changes of today's arena, the least effort first, and then by gain. The gain is the \
         geometric mean of {0}, changed / today's arena, over all items with owned decoding; below 1 \
         is faster. Each ratio is one look at many processes.",
        measure(lab)
    )));
    all.push(ranking(&told));
    for (number, told) in told.iter().enumerate() {
        let title = format!("{}. {}", number + 1, told.change.what);
        all.push(Block::Heading(3, title));
        all.push(Block::Paragraph(format!(
            "{}: {} of today's, as a mean. What it breaks: {}",
            arm(told),
            format::ratio(told.mean),
            told.change.breaks
        )));
        all.push(table(told));
    }
    all.extend(smallest(&told));
    if let Some(others) = others(lab) {
        all.push(Block::Heading(3, "Ways to leave alone".to_owned()));
        all.push(paragraph(
            "A heap buffer for each item, with the same writer, and grown or sized vectors: time \
             as a multiple of today's arena.",
        ));
        all.push(others);
    }
    all.push(heading("Batches"));
    all.push(paragraph(
        "A larger batch costs latency and memory. The first item is there when the whole batch is \
         encoded; the buffer holds all of it. Batches above 288 KiB have no time: their items leave \
         the core's own cache, and the exact counts answer for them.",
    ));
    all.push(limits::batches(lab));
    all.push(heading("Codecs"));
    all.push(paragraph(
        "Both write the same bytes: tests compare every payload. Instructions an item, both sides.",
    ));
    all.push(limits::codecs(lab));
    all.extend(allocators::blocks(lab));
    all.push(heading("How near it is to the limit"));
    all.push(paragraph(
        "The floor is the same items by the same codec in process, without a boundary; the copy \
         is one `memcpy` of the item's bytes, decoded by bincode. Each with its time and its \
         instructions an item.",
    ));
    all.push(limits::table(lab));
    let rests = limits::rests(lab);
    if !rests.is_empty() {
        all.push(Block::List(rests));
    }
    let sentences = plugin::sentences(lab);
    if !sentences.is_empty() {
        all.push(heading("For the author of a plugin"));
        all.push(Block::List(sentences));
    }
    all
}

/// What to do, in a paragraph.
fn lead(lab: &Lab, told: &[Told<'_>]) -> Block {
    let Some(first) = told.first() else {
        return paragraph("No change of today's arena was measured; run `arena-bench lab`.");
    };
    let most = told.iter().min_by(|a, b| a.mean.total_cmp(&b.mean));
    let most = most.filter(|most| most.mean < first.mean);
    let more = most.map_or_else(String::new, |most| {
        format!(
            " The most gains `{}`: {} of today's {}.",
            arm(most),
            format::ratio(most.mean),
            measure(lab)
        )
    });
    Block::Paragraph(format!(
        "Begin with `{}`: over {} it takes {} of today's {}, as a geometric mean, and changes \
         nothing but {}.{more}",
        arm(first),
        format::plural(
            first
                .gains
                .iter()
                .filter(|it| it.set.decode == "owned")
                .count(),
            "item"
        ),
        format::ratio(first.mean),
        measure(lab),
        first.change.effort.name(),
    ))
}

/// A change by the name of its arm.
fn arm(told: &Told<'_>) -> String {
    let change = told.change;
    match change.codec == super::find::BINCODE {
        true => change.way.to_owned(),
        false => format!("{} by {}", change.way, change.codec),
    }
}

/// Where, when and by what command.
fn made(environment: &Environment) -> Block {
    Block::Paragraph(format!(
        "Measured by `{}` at {} (commit `{}`, {}). Counts are exact; ratios of times have intervals \
         that hold together.",
        plain(&environment.command),
        plain(&format::short_time(&environment.finished)),
        plain(&bench_record::short_commit(&environment.commit)),
        plain(&environment.cpu),
    ))
}

/// Where the arena's own copy differs from it.
fn doubts(lab: &Lab) -> Option<Block> {
    let doubt = |set: &Set| {
        let check = set.self_check.as_ref().filter(|check| !check.trusted)?;
        let ends = format::interval(check.low, check.high, format::ratio);
        Some(format!("{} ({ends})", plain(&set.name)))
    };
    let doubtful: Vec<String> = lab
        .sets
        .iter()
        .chain(&lab.allocators)
        .filter_map(doubt)
        .collect();
    (!doubtful.is_empty()).then(|| {
        Block::Paragraph(format!(
            "A copy of today's arena differs from it in {}. A difference of that size is not shown \
             there.",
            format::listed(&doubtful)
        ))
    })
}

fn ranking(told: &[Told<'_>]) -> Block {
    let heads = vec![
        ("change", false),
        ("gain, mean", true),
        ("worst item", true),
        ("best item", true),
        ("changes", false),
    ];
    let rows = told.iter().map(|told| {
        let named = |gain: &Gain<'_>| Some((gain.ratio()?, plain(&gain.set.name)));
        let mut gains: Vec<(f64, String)> = told.gains.iter().filter_map(named).collect();
        gains.sort_by(|a, b| a.0.total_cmp(&b.0));
        let cell = |it: Option<&(f64, String)>| {
            optional(it, |(ratio, set)| {
                format!("{} ({set})", format::ratio(*ratio))
            })
        };
        vec![
            format!("{} (`{}`)", told.change.what, arm(told)),
            format::ratio(told.mean),
            cell(gains.last()),
            cell(gains.first()),
            told.change.effort.name().to_owned(),
        ]
    });
    Block::Table(heads, rows.collect())
}

/// The smallest change that gets most of what the ABI of today allows.
fn smallest(told: &[Told<'_>]) -> Vec<Block> {
    let of = |way: &str| {
        told.iter()
            .find(|it| it.change.way == way && it.change.codec == "bincode")
    };
    let Some(single) = of("single-pass") else {
        return Vec::new();
    };
    let best = told.iter().map(|it| it.mean).fold(1.0, f64::min);
    let share = single.mean.ln() / best.ln();
    vec![
        Block::Heading(3, "The smallest change that gets most of it".to_owned()),
        Block::Paragraph(format!(
            "This is `single-pass`. It keeps the ABI and the bytes, and gets {} of the whole gain \
             (by logarithm of the means). With `serialized_size` left in front of it, it is \
             `arena-own-writer`. In Fidius' guest, the function that encodes an item for \
             `next` calls `bincode::serialized_size` and then `bincode::serialize_into` a slice. \
             Replace both by this; our guest has it in `bench-lab-guest/src/deliver.rs` \
             (`SinglePass`) and `bench-protocol/src/lab/cursor.rs`.",
            format::share(share)
        )),
        Block::Code(SNIPPET),
    ]
}
