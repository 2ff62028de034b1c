//! A made-up history in a folder, with changes at known commits.

use std::path::Path;

use bench_record::history;
use bench_record::store;
use bench_record::synthetic::{Machine, Shift, Synthetic};

/// Two machines, one regression of time, one of instructions, one improvement; the changes
/// lie at a third, a half and two thirds of the way.
pub fn plan(pairs: usize, commits: usize) -> Synthetic {
    let shift = |share: f64, pair, time, instructions| Shift {
        commit: (commits as f64 * share) as usize,
        pair,
        time,
        instructions,
    };
    let machine = |cpu: &str, slowness, ratio, instructions| Machine {
        cpu: cpu.to_owned(),
        slowness,
        ratio,
        instructions,
    };
    Synthetic {
        pairs,
        commits,
        shifts: vec![
            shift(0.34, 0, 1.05, 0.0),
            shift(0.5, 1, 1.0, 3.0),
            shift(0.67, 2, 0.93, -2.0),
        ],
        machines: vec![
            machine("Synthetic 1", 1.0, 1.0, 0.0),
            machine("Synthetic 2", 1.7, 1.04, 2.0),
        ],
        ..Synthetic::default()
    }
}

/// Adds every record of a plan to a history in `folder`.
pub fn write(plan: &Synthetic, folder: &Path) {
    let file = tempfile::NamedTempFile::new().expect("the system has a place for temporary files");
    for (number, mut record) in plan.records().enumerate() {
        if number == 3 {
            record.environment.subject = "<img src=x onerror=\"hit=1\"> & 'quotes'".to_owned();
        }
        for case in &mut record.cases {
            if ["case-001", "case-003"]
                .iter()
                .any(|odd| case.id.contains(odd))
            {
                case.params.payload = "blob".to_owned();
            }
        }
        store::save(file.path(), &record).expect("a made-up record is valid");
        history::add(file.path(), folder).expect("it is not there yet");
    }
}
