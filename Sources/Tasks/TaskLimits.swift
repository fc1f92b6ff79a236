/// The limits of a task's values; the database's constraints are the same.
public enum TaskLimits {
    /// A title has 1 to this many Unicode code points, not all of them white space.
    public static let titleCodePoints = 200
    /// A description has at most this many Unicode code points.
    public static let descriptionCodePoints = 1_000
    /// Ids count from 1 and are exact as a JavaScript number.
    public static let identifiers: ClosedRange<Int64> = 1...9_007_199_254_740_991
}
