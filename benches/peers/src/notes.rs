//! Notes that both pages carry: under which conditions their times were taken.

use bench_record::wire::{Method, Record};

/// The copy routine that the times were taken with, where it was chosen by tunables.
pub fn copies(record: &Record) -> String {
    let tunables = record.environment.clock_tunables();
    let tunables = tunables.filter(|tunables| !tunables.is_empty());
    tunables.map_or_else(String::new, |tunables| {
        format!(
            "Times were taken under `GLIBC_TUNABLES={tunables}`: with the copy routine that glibc \
             chooses by itself, the times of items of some KiB depend on where buffers are in \
             memory (see `arena-bench noise`).\n\n"
        )
    })
}

/// In how many link layouts the times were taken, and what that means.
pub fn layouts(record: &Record) -> String {
    let layouts = || record.comparisons.iter().map(|found| found.layouts);
    let Some(most) = layouts().max() else {
        return String::new();
    };
    let reason = "*Link layouts*: where the linker puts a function changes its time by some \
                  percent.";
    let mut all = record.comparisons.iter();
    if all.any(|found| found.method == Method::LayoutMedians) {
        return format!(
            "{reason} This record was made by an older method: {most} layouts of this workbench's \
             guest and host, and one of every other library. Run `scripts/bench --peers` anew.\n\n"
        );
    }
    if most <= 1 {
        return format!(
            "{reason} Every library was linked once: these times are true of this binary.\n\n"
        );
    }
    let several = layouts().filter(|&layouts| layouts > 1);
    let least = several.min().unwrap_or(most);
    let range = match least == most {
        true => most.to_string(),
        false => format!("{least} to {most}"),
    };
    let single = match layouts().any(|layouts| layouts <= 1) {
        true => " A way with one link layout has a time that is true of this binary.",
        false => "",
    };
    format!(
        "{reason} So each process that a ratio rests on has another layout of this workbench's \
         guest and host and of the other side's library, Fidius' plugin among them: {range} \
         layouts a ratio. The executable itself was linked once.{single}\n\n"
    )
}
