//! Which of some names somebody may have meant who wrote another one. Pure.

/// All names, those that are written most alike first; of equals the first.
pub(super) fn nearest_first<'a>(name: &str, among: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = among.collect();
    names.sort_by_key(|other| distance(name, other));
    names
}

/// The one that is written most alike, where it is near enough to be a slip of the pen: one sign in three differs at most.
pub(super) fn meant<'a>(name: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let nearest = *nearest_first(name, among).first()?;
    let most = (name.chars().count().max(nearest.chars().count()) / 3).max(1);
    (distance(name, nearest) <= most).then_some(nearest)
}

/// How many signs must be put in, taken out, changed, or swapped with the next one to make one of the other.
fn distance(one: &str, other: &str) -> usize {
    let [one, other] = [one, other].map(|text| text.chars().collect::<Vec<char>>());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (index, sign) in one.iter().enumerate() {
        let mut row = vec![index + 1];
        for (column, wanted) in other.iter().enumerate() {
            let above = &rows[index];
            let changed = above[column] + usize::from(sign != wanted);
            let mut least = changed.min(row[column] + 1).min(above[column + 1] + 1);
            if index > 0 && column > 0 && one[index - 1] == *wanted && other[column - 1] == *sign {
                least = least.min(rows[index - 1][column - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_told_from_another_name() {
        assert_eq!(
            [
                distance("", "abc"),
                distance("kitten", "sitting"),
                distance("bay_12", "bay-12"),
                distance("lnae", "lane")
            ],
            [3, 3, 1, 1]
        );
        let zones = || ["bay-1", "bay-12", "fire-lane", "门前"].into_iter();
        assert_eq!(meant("bay_12", zones()), Some("bay-12"));
        assert_eq!(meant("fire_lnae", zones()), Some("fire-lane"));
        assert_eq!(meant("门口", zones()), Some("门前"));
        assert_eq!(meant("entrance", zones()), None);
        assert_eq!(meant("gate", ["lane"].into_iter()), None);
        assert_eq!(meant("a", std::iter::empty()), None);
        assert_eq!(nearest_first("fire-lone", zones())[..2], ["fire-lane", "bay-1"]);
    }
}
