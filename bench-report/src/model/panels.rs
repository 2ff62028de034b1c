//! The charts: cost against size, ratio against size, cost against memory held.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::growth;
use super::index::{Estimate, Index, Versus, instructions, variant};
use super::types::{Axis, Band, Mark, Measure, Panel, Point, Section, Series};
use crate::format::{self, Unit};
use bench_record::growth::{Cell, Plan};
use bench_record::wire::Verdict;

/// Colour and shape of the two protocols; other series count up from here.
const STYLE_ARENA: usize = 0;
const STYLE_ALLOC: usize = 1;
/// Grey: of no strategy.
const STYLE_DOMINATED: usize = 6;

const MEASURES: [Measure; 2] = [Measure::Wall, Measure::Instructions];

/// All charts for which the record has data.
pub fn panels(index: &Index) -> Vec<Panel> {
    let plans = growth::plans(index.record);
    let all = [
        MEASURES.map(|measure| item_size(index, measure)),
        MEASURES.map(|measure| ratios(index, measure)),
        MEASURES.map(|measure| growth_by(plans, &[measure])),
    ];
    let mut panels: Vec<Panel> = all.into_iter().flatten().flatten().collect();
    // Ids become file names, and what a record calls a payload is only text.
    let mut taken = HashSet::new();
    for (number, panel) in panels.iter_mut().enumerate() {
        panel.id = format::slug(&panel.id);
        if !taken.insert(panel.id.clone()) {
            panel.id = format!("{}-{number}", panel.id);
        }
    }
    panels
}

fn cost_axis(measure: Measure) -> Axis {
    match measure {
        Measure::Wall => Axis::new("time per item", Unit::Ns),
        Measure::Instructions => Axis::new("instructions per item", Unit::Count),
    }
}

fn slug(measure: Measure) -> &'static str {
    match measure {
        Measure::Wall => "wall",
        Measure::Instructions => "instructions",
    }
}

/// One chart a payload that comes in several sizes: both protocols, and the
/// borrowed decode dashed beside the owned.
fn item_size(index: &Index, measure: Measure) -> Vec<Panel> {
    let mut payloads: BTreeMap<&str, BTreeMap<(usize, bool, String), Vec<_>>> = BTreeMap::new();
    for case in index
        .family("drain")
        .filter(|case| case.params.producer != "owned")
    {
        let Some(cost) = index.cost(case, measure) else {
            continue;
        };
        let p = &case.params;
        let borrowed = p.decode == "borrowed";
        let style = match p.protocol == "alloc" {
            true => STYLE_ALLOC,
            false => STYLE_ARENA,
        };
        let name = match borrowed {
            true => format!("{}, borrowed", p.protocol),
            false => p.protocol.clone(),
        };
        payloads
            .entry(&p.payload)
            .or_default()
            .entry((style, borrowed, name))
            .or_default()
            .push(cost.at(p.item_bytes as f64, &case.id, String::new()));
    }
    payloads
        .into_iter()
        .filter_map(|(payload, lines)| {
            let series: Vec<_> = lines
                .into_iter()
                .map(|((style, dashed, name), mut points)| {
                    points.sort_by(|a, b| a.x.total_cmp(&b.x));
                    Series {
                        name,
                        payload: payload.to_owned(),
                        style,
                        dashed,
                        line: true,
                        points,
                    }
                })
                .collect();
            series.iter().any(|s| !s.points.is_empty()).then(|| Panel {
                id: format!("item-size-{payload}-{}", slug(measure)),
                section: Section::ItemSize,
                title: payload.to_owned(),
                measure,
                x: Axis::new("bytes per item", Unit::Bytes),
                y: cost_axis(measure),
                band: None,
                series,
                marks: crossovers(index, payload, measure),
            })
        })
        .collect()
}

/// One line of the ratio chart: sizes ascending with their ratios.
type RatioLine<'a> = Vec<(Versus<'a>, Estimate)>;

fn ratio_lines<'a>(index: &Index<'a>, measure: Measure) -> BTreeMap<String, RatioLine<'a>> {
    let mut lines: BTreeMap<String, RatioLine> = BTreeMap::new();
    for versus in index.arena_against_alloc() {
        let c = versus.comparison;
        let ratio = match measure {
            Measure::Wall => Some(Estimate::within(c.ratio, c.low, c.high)),
            Measure::Instructions => instructions(versus.candidate)
                .zip(instructions(versus.baseline))
                .filter(|(_, alloc)| *alloc > 0.0)
                .map(|(arena, alloc)| Estimate::exact(arena / alloc)),
        };
        if let Some(ratio) = ratio {
            lines
                .entry(variant(versus.candidate))
                .or_default()
                .push((versus, ratio));
        }
    }
    for line in lines.values_mut() {
        line.sort_by_key(|(versus, _)| versus.candidate.params.item_bytes);
    }
    lines
}

/// Sizes at which the lead changes: between the last measured size of one decided lead and
/// the first of the other, placed by interpolating the logarithm of the ratio over the
/// logarithm of the size. Time is decided by its verdict, where it is that of the
/// instructions; a count, by any difference.
fn crossovers(index: &Index, payload: &str, measure: Measure) -> Vec<Mark> {
    let lines = ratio_lines(index, measure);
    let of_chart = lines.values().filter(|line| {
        let params = line.first().map(|(versus, _)| &versus.candidate.params);
        params.is_some_and(|p| p.payload == payload && p.producer != "owned")
    });
    let mut marks = Vec::new();
    for line in of_chart {
        let decided: Vec<_> = line
            .iter()
            .filter(|(versus, ratio)| match measure {
                Measure::Wall => {
                    matches!(versus.comparison.verdict, Verdict::Faster | Verdict::Slower)
                        && !versus.is_unexplained()
                }
                Measure::Instructions => ratio.value != 1.0,
            })
            .collect();
        for pair in decided.windows(2) {
            let [(small, below), (large, above)] = pair else {
                continue;
            };
            if (below.value < 1.0) == (above.value < 1.0) {
                continue;
            }
            let (p, to) = (
                &small.candidate.params,
                large.candidate.params.item_bytes as f64,
            );
            let from = p.item_bytes as f64;
            let share = below.value.ln() / (below.value.ln() - above.value.ln());
            let x = from * (to / from).powf(share);
            let who = if p.decode == "borrowed" {
                " (borrowed)"
            } else {
                ""
            };
            let leader = if above.value > 1.0 { "alloc" } else { "arena" };
            let size = format::bytes(x.round() as u64);
            marks.push(Mark {
                x,
                label: format!("{leader} leads from about {size}{who}"),
            });
        }
    }
    marks
}

/// Arena / alloc against the item's size, a chart for each payload, with the band of
/// differences that do not matter.
fn ratios(index: &Index, measure: Measure) -> Vec<Panel> {
    let mut payloads: BTreeMap<String, Vec<(String, RatioLine)>> = BTreeMap::new();
    for (name, line) in ratio_lines(index, measure) {
        if let Some((versus, _)) = line.first() {
            let payload = versus.candidate.params.payload.clone();
            payloads.entry(payload).or_default().push((name, line));
        }
    }
    payloads
        .into_iter()
        .map(|(payload, lines)| ratio(&payload, &lines, measure))
        .collect()
}

fn ratio(payload: &str, lines: &[(String, RatioLine)], measure: Measure) -> Panel {
    let points = || lines.iter().flat_map(|(_, line)| line);
    let delta = points()
        .map(|(v, _)| v.comparison.delta)
        .fold(0.0, f64::max);
    let series = lines
        .iter()
        .enumerate()
        .map(|(style, (name, line))| Series {
            name: name.clone(),
            payload: payload.to_owned(),
            style,
            dashed: name.contains("borrowed"),
            line: true,
            points: line
                .iter()
                .map(|(versus, ratio)| ratio_point(versus, ratio, measure))
                .collect(),
        });
    let what = match measure {
        Measure::Wall => "time, arena / alloc",
        Measure::Instructions => "instructions, arena / alloc",
    };
    Panel {
        id: format!("ratio-{payload}-{}", slug(measure)),
        section: Section::Ratio,
        title: payload.to_owned(),
        measure,
        x: Axis::new("bytes per item", Unit::Bytes),
        y: Axis::new(what, Unit::Ratio),
        band: Some(Band {
            low: 1.0 - delta,
            middle: 1.0,
            high: 1.0 + delta,
        }),
        series: series.collect(),
        marks: Vec::new(),
    }
}

/// The verdict is one on the time: a ratio of counts has none.
fn ratio_point(versus: &Versus, ratio: &Estimate, measure: Measure) -> Point {
    let c = versus.comparison;
    let hollow = measure == Measure::Wall && versus.is_unexplained();
    let (verdict, note) = match measure {
        Measure::Wall if hollow => (Some(c.verdict), format!("{}; {HOLLOW}", c.verdict.name())),
        Measure::Wall => (Some(c.verdict), c.verdict.name().to_owned()),
        Measure::Instructions => (None, "exact".to_owned()),
    };
    let case = versus.candidate;
    Point {
        verdict,
        hollow,
        ..ratio.at(case.params.item_bytes as f64, &case.id, note)
    }
}

const HOLLOW: &str = "mostly page faults of malloc's large blocks, not the protocol: the \
    instructions do not explain this time";

/// One chart a size plan, by time where that was measured, else by exact counts.
pub fn growth(plans: &[Plan]) -> Vec<Panel> {
    growth_by(plans, &MEASURES)
}

/// A strategy with its way to regrow, where that is not the usual: `exact, fresh`.
fn strategy(cell: &Cell) -> String {
    match cell.regrow.as_str() {
        "" | "resize" => cell.growth.clone(),
        regrow => format!("{}, {regrow}", cell.growth),
    }
}

/// One chart a size plan: ways to grow by the memory they held on average and by cost, in a
/// colour for each strategy; what is dominated is grey. By the first of `measures` that
/// tells two of them apart; a plan without any has no chart.
fn growth_by(plans: &[Plan], measures: &[Measure]) -> Vec<Panel> {
    let cells = plans.iter().flat_map(|plan| &plan.cells);
    let strategies: BTreeSet<String> = cells.map(strategy).collect();
    plans
        .iter()
        .filter_map(|plan| {
            measures
                .iter()
                .find_map(|&measure| Some((plan, measure, growth::Cost::of(plan, measure)?)))
        })
        .map(|(plan, measure, cost)| {
            let cloud = |name: &str, style, of: &dyn Fn(&Cell) -> bool| {
                let mut points: Vec<_> = plan
                    .cells
                    .iter()
                    .filter(|cell| of(cell))
                    .filter_map(|cell| {
                        let note = match &cell.dominated_by {
                            Some(better) => format!("dominated by {}", crate::growth::name(better)),
                            None => format!("not dominated; {}", growth::held(cell)),
                        };
                        let cost = cost.estimate(plan, cell)?;
                        Some(cost.at(cell.mean_held.max(1.0), &cell.id, note))
                    })
                    .collect();
                points.sort_by(|a, b| a.x.total_cmp(&b.x));
                Series {
                    name: name.to_owned(),
                    payload: String::new(),
                    style,
                    dashed: false,
                    line: false,
                    points,
                }
            };
            let front = strategies.iter().enumerate().map(|(number, name)| {
                let style = if number < STYLE_DOMINATED {
                    number
                } else {
                    number + 1
                };
                cloud(name, style, &|cell| {
                    strategy(cell) == *name && cell.dominated_by.is_none()
                })
            });
            let behind = cloud("dominated", STYLE_DOMINATED, &|cell| {
                cell.dominated_by.is_some()
            });
            Panel {
                id: format!("growth-{}-{}", plan.name, slug(measure)),
                section: Section::Growth,
                title: plan.name.clone(),
                measure,
                x: Axis::new("bytes held, mean", Unit::Bytes),
                y: cost.axis(),
                band: None,
                series: [behind]
                    .into_iter()
                    .chain(front)
                    .filter(|s| !s.points.is_empty())
                    .collect(),
                marks: growth::marks(plan),
            }
        })
        .collect()
}
