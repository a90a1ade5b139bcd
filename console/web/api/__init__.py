"""接口: `/api/v1`, through which other systems bring ratings, take steps and read."""
