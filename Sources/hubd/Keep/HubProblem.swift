/// Something that keeps hubd from doing all it was given to do.
struct HubProblem: Hashable {
    /// The part that has it: `radio capture:mall.btsnoop`, `sink file`, `store`, `bus`.
    let part: String
    /// What is wrong, and the mend.
    let text: String
    /// Whether the main job is not done while it lasts.
    var isFatal = false

    /// Problems of one part are one: its text may change while it lasts.
    static func == (left: HubProblem, right: HubProblem) -> Bool { left.part == right.part }

    func hash(into hasher: inout Hasher) { hasher.combine(part) }
}
