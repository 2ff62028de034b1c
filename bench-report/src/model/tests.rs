//! What the model says of a record whose story is known.

use super::*;
use crate::fixture;
use crate::growth::{in_words, name};
use crate::tone::Tone;
use bench_record::CaseId;
use bench_record::wire::Record;

fn view_of(record: Record) -> View {
    view(&Source {
        name: "run".to_owned(),
        record,
    })
}

#[test]
fn the_six_answers_are_worded_from_the_record() {
    let view = view_of(fixture::record("c0ffee", 1.0));
    let mut text = format!("{}\n{}\n\n", view.lead.answer, view.lead.advice);
    for a in &view.answers {
        text += &format!(
            "{}. {} [{:?}]\n> {}\n{}\n{}\n",
            a.number, a.question, a.tone, a.line, a.verdict, a.finding
        );
        for f in &a.figures {
            text += &format!(
                "  {:?} | {} | {} | {}\n",
                f.tone,
                f.label,
                f.value,
                f.notes.join("; ")
            );
        }
        for detail in &a.details {
            text += &format!("  - {detail}\n");
        }
        text += &format!("  $ {}\n\n", a.command);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_tables_hold_every_number() {
    let view = view_of(fixture::record("c0ffee", 1.0));
    let mut text = String::new();
    for table in &view.tables {
        text += &format!(
            "# {} ({} rows)\n{}\n",
            table.caption,
            table.rows.len(),
            table.columns.join(" | ")
        );
        for row in table.rows.iter().take(4) {
            let cells: Vec<_> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
            text += &format!("{}\n", cells.join(" | "));
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn an_empty_record_says_for_each_question_which_command_measures_it() {
    let mut record = fixture::record("c0ffee", 1.0);
    record.cases.clear();
    record.comparisons.clear();
    record.self_check = None;
    record.growth = None;
    record.ladder = None;
    let view = view_of(record);
    assert!(
        view.answers
            .iter()
            .all(|a| a.tone == Tone::Missing && !a.command.is_empty())
    );
    assert!(view.panels.is_empty() && view.tables.is_empty());
}

#[test]
fn losses_stand_before_wins_and_a_payload_is_one_finding() {
    let view = view_of(fixture::record("c0ffee", 1.0));
    let first = &view.answers[0];
    assert_eq!(first.tone, Tone::Mixed);
    assert_eq!(first.figures.first().map(|f| f.tone), Some(Tone::Mixed));
    assert_eq!(first.figures.last().map(|f| f.tone), Some(Tone::For));
    let labels: Vec<_> = first.figures.iter().map(|f| f.label.as_str()).collect();
    assert_eq!(labels, ["bytes", "f64s", "blob", "record", "u64"]);
}

#[test]
fn the_lead_answers_in_one_sentence_and_says_what_to_do_in_the_next() {
    let lead = view_of(fixture::record("c0ffee", 1.0)).lead;
    assert_eq!(lead.answer.matches(". ").count(), 0, "{}", lead.answer);
    for part in ["slower or faster by item size for bytes", "faster for"] {
        assert!(lead.answer.contains(part), "{}", lead.answer);
    }
    for part in [
        "Use the arena for",
        "For bytes, use the arena up to 4 KiB, alloc from 64 KiB",
    ] {
        assert!(lead.advice.contains(part), "{}", lead.advice);
    }
}

#[test]
fn a_record_that_fails_its_own_check_leads_with_that() {
    let mut record = fixture::record("c0ffee", 1.0);
    let check = record.self_check.as_mut().expect("it has one");
    check.trusted = false;
    let lead = view_of(record).lead;
    assert!(lead.answer.starts_with("Not shown"), "{}", lead.answer);
}

#[test]
fn the_parts_of_an_item_s_time_add_up_and_name_no_floor() {
    let view = view_of(fixture::record("c0ffee", 1.0));
    let answer = &view.answers[1];
    for figure in &answer.figures {
        let shares = figure.value.split(", ").map(|part| {
            let percent = part.split('%').next().expect("a percentage");
            percent.parse::<f64>().expect("a number")
        });
        let sum: f64 = shares.sum();
        assert!((98.0..=102.0).contains(&sum), "{}", figure.value);
        assert!(!figure.value.contains("codec"), "{}", figure.value);
    }
}

#[test]
fn the_boundary_costs_the_same_in_the_second_answer_and_in_the_fifth() {
    let record = fixture::record("c0ffee", 1.0);
    let ladder = record.ladder.clone().expect("it has one");
    let view = view_of(record);
    for (found, figure) in ladder.payloads.iter().zip(&view.answers[4].figures) {
        let boundary = crate::ladder::boundary(found).expect("it was compared");
        let told = crate::format::signed_ns(boundary.estimate);
        assert!(figure.notes[0].starts_with(&told), "{:?}", figure.notes);
        let detail = view.answers[1].details.iter();
        let mut detail = detail.filter(|text| text.starts_with(&format!("{}:", found.item)));
        assert!(detail.all(|text| text.contains(&told)), "{told}");
    }
}

#[test]
fn a_run_that_fails_its_own_check_says_so_in_the_first_answer() {
    let mut record = fixture::record("c0ffee", 1.0);
    let check = record
        .self_check
        .as_mut()
        .expect("the fixture has a self-check");
    check.trusted = false;
    let view = view_of(record);
    assert!(
        view.answers[0]
            .finding
            .contains("do not rely on these verdicts")
    );
    assert_eq!(view.trusted, Some(false));
}

#[test]
fn a_crossover_is_marked_between_the_sizes_where_the_lead_changes() {
    let view = view_of(fixture::record("c0ffee", 1.0));
    let panel = view
        .panels
        .iter()
        .find(|p| p.id == "item-size-bytes-wall")
        .expect("a chart of bytes");
    let [mark] = panel.marks.as_slice() else {
        panic!("one crossover, not {:?}", panel.marks)
    };
    assert!(mark.x > 4_096.0 && mark.x < 65_536.0, "{mark:?}");
    assert!(mark.label.starts_with("alloc leads from"), "{mark:?}");
}

#[test]
fn what_the_record_calls_dominated_is_grey_in_the_chart() {
    let view = view_of(fixture::record("c0ffee", 1.0));
    let chart = view
        .panels
        .iter()
        .find(|p| p.id == "growth-spike-wall")
        .expect("a chart");
    let dominated = chart
        .series
        .iter()
        .find(|s| s.name == "dominated")
        .expect("some are");
    assert!(
        dominated
            .points
            .iter()
            .all(|p| p.note.starts_with("dominated by"))
    );
    let rest = chart.series.iter().filter(|s| s.name != "dominated");
    assert!(
        rest.flat_map(|s| &s.points)
            .all(|p| p.note.starts_with("not dominated"))
    );
}

#[test]
fn without_valgrind_the_counts_of_the_hosts_are_still_told() {
    let mut record = fixture::record("c0ffee", 1.0);
    for counts in record
        .cases
        .iter_mut()
        .filter_map(|case| case.counts.as_mut())
    {
        counts.instructions_per_item = None;
        counts.allocations_per_item = None;
    }
    let answer = view_of(record).answers.swap_remove(2);
    assert_eq!(answer.verdict, "1 against 2 calls");
    assert!(
        answer.finding.contains("takes valgrind"),
        "{}",
        answer.finding
    );
    let told = answer
        .details
        .iter()
        .find(|detail| detail.starts_with("u64"))
        .expect("of u64");
    assert!(told.contains("not counted against not counted"), "{told}");
    assert!(told.contains("boundary calls 1 against 2"), "{told}");
}

#[test]
fn names_from_a_record_make_no_path() {
    let mut record = fixture::record("c0ffee", 1.0);
    for case in &mut record.cases {
        case.params.payload = format!("../../{}", case.params.payload);
    }
    let view = view_of(record);
    assert!(!view.panels.is_empty());
    for panel in &view.panels {
        assert!(
            panel
                .id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-'),
            "{}",
            panel.id
        );
    }
}

#[test]
fn what_a_reader_must_mind_stands_in_the_first_and_the_last_answer() {
    // Also where shards were merged, whose observations stay apart.
    for name in ["caution", "shard 2/3: caution"] {
        let mut record = fixture::record("c0ffee", 1.0);
        let said = "copies depend on chance".to_owned();
        record.environment.observed.insert(name.to_owned(), said);
        let answers = view_of(record).answers;
        let saying = answers
            .iter()
            .filter(|a| a.finding.contains("copies depend"));
        let numbers: Vec<_> = saying.map(|answer| answer.number).collect();
        assert_eq!(numbers, [1, 6], "{name}");
    }
}

#[test]
fn a_time_that_is_not_that_of_the_instructions_is_named_and_no_figure() {
    let untouched = view_of(fixture::record("c0ffee", 1.0));
    assert!(!untouched.answers[0].finding.contains("page faults"));
    let mut record = fixture::record("c0ffee", 1.0);
    let drains = (record.comparisons.iter_mut()).filter(|c| c.candidate.starts_with("drain/blob"));
    let mut touched = Vec::new();
    for comparison in drains.take(2) {
        comparison.ratio *= 0.05;
        comparison.low *= 0.05;
        comparison.high *= 0.05;
        touched.push(comparison.candidate.clone());
    }
    // One of them has an id that would end a shell's quote.
    let odd = touched[1].replace("drain/", "drain/'; id; '");
    let other = |id: &mut String| {
        *id = if *id == touched[1] {
            odd.clone()
        } else {
            id.clone()
        }
    };
    record.cases.iter_mut().for_each(|case| other(&mut case.id));
    record
        .comparisons
        .iter_mut()
        .for_each(|c| other(&mut c.candidate));

    let View {
        mut answers,
        panels,
        ..
    } = view_of(record);
    let answer = answers.swap_remove(0);
    assert!(answer.finding.contains("page faults"), "{}", answer.finding);
    let is_shown = |id: &str| answer.figures.iter().any(|figure| figure.case == id);
    assert!(!is_shown(&touched[0]) && !is_shown(&odd));
    let hollow = panels.iter().flat_map(|panel| &panel.series);
    let hollow = hollow
        .flat_map(|series| &series.points)
        .filter(|p| p.hollow);
    let hollow: Vec<_> = hollow.map(|point| (&point.id, &point.note)).collect();
    assert_eq!(hollow.len(), 2, "{hollow:?}");
    assert!(hollow.iter().all(|(_, note)| note.contains("page faults")));
    let command = answer.details.last().expect("a command");
    let item = CaseId::of(&touched[0]).item.expect("an item");
    let filter = format!("--filter '^drain/({item})/'");
    assert!(
        command.contains(&filter) && !command.contains("id;"),
        "{command}"
    );
}

#[test]
fn a_plan_s_chart_marks_what_is_advised_once_and_by_name() {
    let growth = fixture::record("c0ffee", 1.0).growth.expect("it has some");
    for (panel, plan) in growth_panels(&growth.plans).iter().zip(&growth.plans) {
        // Both pieces of advice of a plan of the fixture name one cell.
        let [mark] = panel.marks.as_slice() else {
            panic!("{:?}", panel.marks)
        };
        let advised = plan.cells.iter().find(|cell| cell.id == plan.advice[0].id);
        let advised = advised.expect("advice is of a cell of the plan");
        assert_eq!(mark.x, advised.mean_held);
        assert_eq!(mark.label, format!("use {}", in_words(name(&advised.id))));
    }
}

#[test]
fn a_line_of_the_ratio_chart_has_its_payload_and_its_points_their_verdicts() {
    let view = view_of(fixture::record("c0ffee", 1.0));
    let panel = |id: &str| view.panels.iter().find(|p| p.id == id).expect("a chart");
    for series in &panel("ratio-bytes-wall").series {
        assert!(series.name.starts_with(&series.payload) && !series.payload.is_empty());
        for point in &series.points {
            let verdict = point.verdict.expect("it is a comparison");
            assert_eq!(point.note, verdict.name());
        }
    }
    let exact = panel("ratio-bytes-instructions").series.iter();
    assert!(exact.flat_map(|s| &s.points).all(|p| p.verdict.is_none()));
}

#[test]
fn a_time_is_that_of_the_comparison_and_without_one_there_is_none() {
    let mut record = fixture::record("c0ffee", 1.0);
    let id = "drain/blob-64B/arena";
    let time = |record: &Record| {
        let panels = view_of(record.clone()).panels;
        let mut points = (panels.iter().filter(|p| p.id == "item-size-blob-wall"))
            .flat_map(|panel| panel.series.iter().flat_map(|series| &series.points));
        points.find(|p| p.id == id).map(|p| p.y)
    };
    assert!(time(&record).is_some_and(|ns| ns > 0.0));
    record
        .comparisons
        .retain(|c| c.candidate != id && c.baseline != id);
    assert_eq!(time(&record), None);
}

#[test]
fn a_time_of_too_few_processes_for_an_interval_is_told_with_quartiles_and_called_so() {
    let mut record = fixture::record("c0ffee", 1.0);
    let points = |record: &Record| {
        let panels = view_of(record.clone()).panels;
        let wall = panels
            .into_iter()
            .filter(|p| p.id.starts_with("item-size-"));
        let wall = wall.filter(|p| p.measure == Measure::Wall);
        let series = wall.flat_map(|p| p.series);
        series.flat_map(|s| s.points).collect::<Vec<_>>()
    };
    let whole = points(&record);
    assert!(!whole.is_empty() && whole.iter().all(|p| !p.quartiles));
    for comparison in &mut record.comparisons {
        comparison.samples.truncate(4);
    }
    let few = points(&record);
    assert!(!few.is_empty() && few.iter().all(|p| p.quartiles));
    let view = view_of(record);
    let table = view.tables.iter().find(|table| table.id == "costs");
    let row = table
        .and_then(|table| table.rows.iter().find(|row| row.id == "drain/u64/arena"))
        .expect("a row of u64");
    let cell = &row.cells[4];
    assert!(cell.text.contains(", quartiles "), "{}", cell.text);
    let (low, high) = cell.ends.expect("it has quartiles");
    assert!(low < high);
}
